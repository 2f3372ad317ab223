/** Ids for tasks from the names of tables: readable, within the pattern, and no two too alike. */
import type { TableName } from '@tidemark/contract/flow'
import { foldId } from '../definition/ids.ts'

const MAX = 63

/** Letters that have no base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th' }

/** `ReferralAttachment` → `referral-attachment`, `Größe` → `grosse`; what is no letter or digit becomes a hyphen. */
export function idText(name: string, whenNone: string): string {
  const text = name
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1-$2')
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþ]/g, (letter) => LETTERS[letter] ?? '')
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
  const started = text === '' ? whenNone : /^[a-z]/.test(text) ? text : `${whenNone}-${text}`
  return cut(started, MAX)
}

const cut = (text: string, length: number): string => text.slice(0, length).replace(/[-_]+$/, '')

/** In the order of the tables: the table's own name, with its schema where that is taken, with a number where that is too. */
export function taskIds(tables: readonly TableName[]): readonly string[] {
  const taken = new Set<string>()
  return tables.map((table) => {
    const own = idText(table.at(-1) ?? '', 'table')
    const tries = [own, ...(table.length > 1 ? [idText(table.join(' '), 'table')] : [])]
    const free = tries.find((id) => !taken.has(foldId(id))) ?? numbered(own, taken)
    taken.add(foldId(free))
    return free
  })
}

function numbered(id: string, taken: ReadonlySet<string>): string {
  for (let n = 2; ; n++) {
    const suffix = `-${n}`
    const numberedId = cut(id, MAX - suffix.length) + suffix
    if (!taken.has(foldId(numberedId))) return numberedId
  }
}
