/**
 * Names as people write them: parts joined by dots. A part with a dot, a space or another odd character is quoted:
 * `lake."odd ""name"""` or `[odd name]` (`]]` for a closing bracket). A path or pattern of files, which holds `/`, `*`
 * or `?`, is one part and needs no quotes. The part before the last may be left out: `database..table`.
 */
import type { ColumnRef, TableName } from './flow.ts'

const MAX_TABLE_PARTS = 4
/** What a part may hold without quotes. Wide on purpose: letters of any script, and what the databases allow inside. */
const BARE_PART = /^[\p{L}\p{N}_$#@-]+$/u
const QUOTE_END: Readonly<Record<string, string>> = { '"': '"', '[': ']' }

/** A path, as `2026/part-*.parquet`, unless a quote comes first. */
const PATH = /^[^"[\0]*[/*?][^\0]*$/

/** The parts, or what is wrong with the text. */
type Parts = { readonly parts: readonly string[] } | { readonly wrong: string }
const EMPTY_PART = 'a part is empty'

function splitName(text: string): Parts {
  const parts: string[] = []
  for (let at = 0; ; at++) {
    const end = QUOTE_END[text[at] ?? '']
    const part = end === undefined ? readBare(text, at) : readQuoted(text, at + 1, end)
    if (part === null) return { wrong: `the quoted part that starts at character ${at + 1} has no end` }
    if (part.text === '' && end !== undefined) return { wrong: EMPTY_PART }
    if (part.text.includes('\0')) return { wrong: 'a name cannot hold a NUL character' }
    if (end === undefined && part.text !== '' && !BARE_PART.test(part.text)) {
      return { wrong: `"${part.text}" needs quotes: ${formatName([part.text])}` }
    }
    parts.push(part.text)
    at = part.end
    if (at === text.length) return parts.every(mayStand) ? { parts } : { wrong: EMPTY_PART }
    if (text[at] !== '.') return { wrong: `a dot is expected at character ${at + 1}` }
  }
}

/** Only a schema is left out, between what it is in and what is in it. */
const mayStand = (part: string, i: number, all: readonly string[]): boolean =>
  part !== '' || (i > 0 && i === all.length - 2)

function readBare(text: string, start: number): { text: string; end: number } {
  const dot = text.indexOf('.', start)
  const end = dot === -1 ? text.length : dot
  return { text: text.slice(start, end), end }
}

function readQuoted(text: string, start: number, quote: string): { text: string; end: number } | null {
  let out = ''
  for (let at = start; at < text.length; at++) {
    if (text[at] !== quote) out += text[at]
    else if (text[at + 1] === quote) out += text[at++]
    else return { text: out, end: at + 1 }
  }
  return null
}

const formatName = (parts: readonly string[]): string =>
  parts.map((part) => (part === '' || BARE_PART.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.')

/** Throws a TypeError that says what is wrong. */
export function parseTableName(text: string): TableName {
  if (PATH.test(text)) return [text]
  const read = splitName(text)
  if ('wrong' in read) throw new TypeError(`"${text}" is no table name: ${read.wrong}`)
  if (read.parts.length > MAX_TABLE_PARTS) {
    throw new TypeError(
      `"${text}" is no table name: it has ${read.parts.length} parts, at most ${MAX_TABLE_PARTS} exist`,
    )
  }
  return read.parts
}

/** The inverse of `parseTableName`, quoted only where needed. */
export const formatTableName = (name: TableName): string => {
  const [only = '', ...more] = name
  return more.length === 0 && PATH.test(only) ? only : formatName(name)
}

/** `column`, or `alias.column` of a joined table. Throws a TypeError that says what is wrong. */
export function parseColumnRef(text: string): ColumnRef {
  const read = splitName(text)
  if ('wrong' in read) throw new TypeError(`"${text}" is no column: ${read.wrong}`)
  const [first = '', second, ...more] = read.parts
  if (more.length > 0) throw new TypeError(`"${text}" is no column: write column, or alias.column of a joined table`)
  return second === undefined ? { table: null, column: first } : { table: first, column: second }
}

/** The inverse of `parseColumnRef`, quoted only where needed. */
export const formatColumnRef = (ref: ColumnRef): string =>
  formatName(ref.table === null ? [ref.column] : [ref.table, ref.column])

const BESIDE = '__tidemark_new'

/** The table that a replacement is loaded into: in the target's own schema, because a table cannot be renamed out of one. */
export const besideName = (table: TableName): TableName => [...table.slice(0, -1), `${table.at(-1)}${BESIDE}`]

export const isBeside = (table: TableName): boolean => table.at(-1)?.endsWith(BESIDE) ?? false
