/** Values as they go to the client and come from it: none that it may have rounded, or turned into another character. */
import { type Request, TYPES } from 'tedious'
import { Feed } from './sqlserver-feed.ts'

/** Text and whole numbers arrive exactly. */
const EXACT: ReadonlySet<string> = new Set([
  'NVarChar',
  'NChar',
  'NText',
  'Xml',
  'VarChar',
  'Char',
  'Text',
  'TinyInt',
  'SmallInt',
  'Int',
  'BigInt',
  'IntN',
  'Bit',
  'BitN',
  'UniqueIdentifier',
  'Null',
])
const BYTES: ReadonlySet<string> = new Set(['VarBinary', 'Binary', 'Image', 'UDT'])
/** What their code page does not have, the client replaces. */
const OF_A_CODE_PAGE: ReadonlySet<string> = new Set(['VarChar', 'Char', 'Text'])
const REPLACEMENT = '\ufffd'

export interface ColumnAsRead {
  readonly colName: string
  readonly type: { readonly name: string }
}

/** A row as the client gives it: text, whole numbers, booleans, and bytes where they are allowed. */
export type Cells = readonly { readonly value: unknown; readonly metadata: ColumnAsRead }[]

/** What a column is, without what it is called. */
export const described = (columns: readonly ColumnAsRead[]): unknown =>
  columns.map((column) => {
    const { type, colName: _, ...facts } = column
    return { ...facts, type: type.name }
  })

/** TypeError where a column is of a type that the client rounds or cuts, whatever its values are. */
export function refuseInexact(columns: readonly ColumnAsRead[], allowBytes: boolean): void {
  for (const { colName, type } of columns)
    if (!EXACT.has(type.name) && !(allowBytes && BYTES.has(type.name)))
      throw new TypeError(`column "${colName}" came as ${type.name}, which may be rounded: it has to be cast to text`)
}

/** Places of columns whose characters have to be looked at. */
export const placesOfCodePages = (columns: readonly ColumnAsRead[]): readonly number[] =>
  columns.flatMap(({ type }, i) => (OF_A_CODE_PAGE.has(type.name) ? [i] : []))

export function refuseReplaced(row: Cells, places: readonly number[]): void {
  for (const place of places) {
    const cell = row[place]
    if (typeof cell?.value === 'string' && cell.value.includes(REPLACEMENT))
      throw new TypeError(
        `column "${cell.metadata.colName}" holds a character that its code page does not have: it has to be cast to nvarchar`,
      )
  }
}

/** Of a column that `refuseInexact` let pass. */
export function textOf(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
      return value ? '1' : '0'
    case 'number':
      return String(value)
    case 'undefined':
      return null
    default:
      if (value === null) return null
      throw new TypeError('a value came as something else than its column said')
  }
}

/** Bytes whose end is not known, or that are too many to be held, come as an iterable: they are sent while they are read. */
export type SqlServerParam = string | boolean | null | Buffer | AsyncIterable<Buffer>

const NVARCHAR_CHARACTERS = 4000
const VARBINARY_BYTES = 8000

/** One of two lengths, so that a statement has one plan, and another for what is large. */
const lengthFor = (length: number, most: number): number => (length > most ? Infinity : most)

/** Parameters are `@p1`, `@p2`, …, of types nvarchar and varbinary. What the client has to read while it sends. */
export function bind(request: Request, params: readonly SqlServerParam[]): readonly Feed<Buffer>[] {
  const feeds: Feed<Buffer>[] = []
  for (const [i, value] of params.entries()) {
    const name = `p${i + 1}`
    if (value === null || typeof value === 'string' || typeof value === 'boolean') {
      const text = typeof value === 'boolean' ? (value ? '1' : '0') : value
      request.addParameter(name, TYPES.NVarChar, text, { length: lengthFor(text?.length ?? 0, NVARCHAR_CHARACTERS) })
    } else if (Buffer.isBuffer(value)) {
      request.addParameter(name, TYPES.VarBinary, value, { length: lengthFor(value.length, VARBINARY_BYTES) })
    } else {
      const feed = new Feed(value)
      feeds.push(feed)
      request.addParameter(name, TYPES.VarBinary, feed, { length: Infinity })
    }
  }
  return feeds
}
