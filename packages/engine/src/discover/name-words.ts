/** What the names of columns say to people, as lists that can grow. Names are compared in words: `LastModifiedOn` is last, modified, on. */

/** `LastModifiedOn`, `last_modified_on` and `LAST-MODIFIED-ON` → `last modified on` */
export const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

/** A time that moves whenever the row changes; the first list is the surest. */
const CHANGED: readonly (readonly string[])[] = [
  ['modified', 'updated', 'changed', 'modification', 'modify', 'update', 'change'],
  ['write', 'written', 'edited', 'touched', 'mtime', 'modifiedon', 'updatedat', 'lastmodified', 'lastupdate'],
]
/** A time that is set once. */
const CREATED: readonly string[] = ['created', 'creation', 'inserted', 'added', 'registered', 'ctime', 'createdat']
const KEY_WORDS: readonly string[] = ['id', 'uuid', 'guid', 'key', 'pk', 'oid']
const KEY_LIKE_WORDS: readonly string[] = ['no', 'nr', 'number', 'num', 'code', 'ref', 'line', 'seq', 'sku', 'isbn']
const PARENT_WORDS: readonly string[] = ['parent', 'manager', 'supervisor', 'reports', 'superior', 'ancestor']

const has = (words: readonly string[], list: readonly string[]): boolean => words.some((word) => list.includes(word))

/** 0 is the surest; null: the name does not say that it moves with a change. */
export function changedRank(name: string): number | null {
  const words = wordsOf(name)
  const rank = CHANGED.findIndex((list) => has(words, list))
  return rank === -1 ? null : rank
}

export const saysCreated = (name: string): boolean => has(wordsOf(name), CREATED)

export const saysParent = (name: string): boolean => has(wordsOf(name), PARENT_WORDS)

const singular = (word: string): string => word.replace(/ies$/, 'y').replace(/s$/, '')

/** How much a name looks like that of a key of its table: 0 `id`, 1 `order_id` of orders, 2 another id, 3 a number or code, 4 the rest. */
export function keyRank(column: string, table: string): number {
  const words = wordsOf(column)
  if (words.length === 1 && has(words, KEY_WORDS)) return 0
  // written in one word: orderid
  const glued = words.length === 1 ? /^(.+?)(id|uuid|guid|key)$/.exec(words[0] ?? '') : null
  const named = wordsOf(table).map(singular)
  const stem = (glued ? [glued[1] ?? ''] : words.slice(0, -1)).map(singular)
  if (glued || KEY_WORDS.includes(words.at(-1) ?? ''))
    return stem.join('') === named.join('') || stem.join('') === (named.at(-1) ?? '') ? 1 : 2
  return has(words, KEY_LIKE_WORDS) ? 3 : 4
}
