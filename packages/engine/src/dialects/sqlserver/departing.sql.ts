/**
 * Rows as they leave SQL Server: each value as PostgreSQL would write it, quoted for CSV by the server, and as many of them
 * as fit in one text, since what a row costs the client grows with its columns. Long values leave beside, as they are.
 */
import { carriedPosition } from '../arrived-relation.ts'
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { clearValue, landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import { catalogText, ident, joined, type Sql, sql } from '../sql-text.ts'
import { widthOfText } from './narrowing.ts'
import { findType, longest, TEXTS } from './type-text.ts'
import { valueText } from './types.ts'

/** bytes of a value from which on it is read in parts, and never as a whole */
export const LARGE_BYTES = 4 * 1024 * 1024
/** characters that a text has which is not of any length */
const LONGEST_TEXT = 4000
/** Each may be a quotation mark, and have another one before it. */
const LONGEST_QUOTED = LONGEST_TEXT / 2 - 2
/** bytes that are written out by the server; what is longer takes two characters of two bytes each for each */
const LONGEST_WRITTEN = 128
/** CONCAT takes 254 arguments, and there is a comma behind each value */
const MOST_OF_LINE = 120

const raw = (n: number): Sql => catalogText(String(n))

/** What a row is read as; its values in the order of their pieces, with commas between, are a line of CSV. */
export type Piece =
  /** values of several columns, quoted, commas between them */
  | { readonly kind: 'line'; readonly value: Sql }
  /** one value as it is; `size`: its bytes, where there may be many; null: never */
  | {
      readonly kind: 'text' | 'bytes'
      readonly value: Sql
      readonly size: Sql | null
      /** the value is what is stored, of which the server gives a part without reading it all */
      readonly isStored: boolean
    }

/** `width`: characters that it has at most, quotation marks included. */
type Written =
  | { readonly kind: 'written'; readonly value: Sql; readonly width: number }
  | Exclude<Piece, { kind: 'line' }>

/** The flow's relation as its rows leave: nothing is cast here, for casts name types of the target. */
export const uncast = (r: FlowRelation): FlowRelation => {
  const own = <X extends PlannedColumn>(x: X): X => ({ ...x, cast: null, targetType: maskedType(x) })
  return { ...r, columns: r.columns.map(own), key: r.key.map(own) }
}

function maskedType({ mask, sourceType }: PlannedColumn): string {
  switch (mask?.kind) {
    case undefined:
      return sourceType
    case 'hash':
      return 'nvarchar(64)'
    case 'null':
      return 'nvarchar(1)'
    case 'redact':
      return mask.text.length <= LONGEST_TEXT ? `nvarchar(${Math.max(1, mask.text.length)})` : 'nvarchar(max)'
  }
}

/** A collation may hold other characters equal to the quotation mark. */
const quoted = (text: Sql): Sql => sql`N'"' + REPLACE(${text} COLLATE Latin1_General_BIN2, N'"', N'""') + N'"'`

const bytesOf = (x: Sql): Sql => sql`DATALENGTH(${x})`
const asBytes = (x: Sql): Sql => sql`CONVERT(varbinary(max), ${x})`

function written(text: string, x: Sql): Written {
  const type = findType(text)
  if (type === null) throw new TypeError(`no values of ${text} are moved`)
  const length = longest(type)
  if (TEXTS.has(type.name)) {
    const value = valueText(text, x)
    return length <= LONGEST_QUOTED
      ? { kind: 'written', value: quoted(value), width: 2 * length + 2 }
      : {
          kind: 'text',
          value,
          size: Number.isFinite(length) ? null : bytesOf(x),
          isStored: type.name === 'nvarchar',
        }
  }
  switch (type.name) {
    case 'bit':
      return { kind: 'written', value: sql`CASE ${x} WHEN 1 THEN N't' WHEN 0 THEN N'f' END`, width: 1 }
    case 'binary':
    case 'varbinary':
    case 'rowversion': {
      const value = type.name === 'rowversion' ? sql`CONVERT(binary(8), ${x})` : x
      if (length > LONGEST_WRITTEN)
        return { kind: 'bytes', value, size: Number.isFinite(length) ? null : bytesOf(x), isStored: true }
      const digits = sql`LOWER(CONVERT(nvarchar(${raw(2 * length)}), ${value}, 2))`
      return { kind: 'written', value: sql`N'\\x' + ${digits}`, width: 2 + 2 * length }
    }
    case 'image':
    case 'geometry':
    case 'geography':
      return { kind: 'bytes', value: asBytes(x), size: bytesOf(x), isStored: false }
    case 'hierarchyid':
      return { kind: 'text', value: valueText(text, x), size: null, isStored: false }
    // what they take where they are stored says little of their text
    case 'xml':
    case 'json':
      return { kind: 'text', value: valueText(text, x), size: bytesOf(valueText(text, x)), isStored: false }
    default: {
      const width = widthOfText(type)
      if (width === null) throw new TypeError(`no values of ${text} are moved`)
      return { kind: 'written', value: valueText(text, x), width }
    }
  }
}

/** `r`: uncast. */
export function piecesOf(c: Catalogs, r: FlowRelation): readonly Piece[] {
  const carried = carriedPosition(r)
  const all = [
    ...r.columns.map((x) => written(x.targetType, x.mask === null ? clearValue(c, x) : landingValue(c, x))),
    ...(carried !== null && r.position ? [written(r.position.type, column(r.position.ref))] : []),
  ]
  const pieces: Piece[] = []
  let line: Sql[] = []
  let width = 0
  const endLine = (): void => {
    if (line.length > 0) pieces.push({ kind: 'line', value: concatenated(line) })
    line = []
    width = 0
  }
  for (const one of all) {
    if (one.kind !== 'written') {
      endLine()
      pieces.push(one)
      continue
    }
    if (width + 1 + one.width > LONGEST_TEXT || line.length === MOST_OF_LINE) endLine()
    width += (line.length === 0 ? 0 : 1) + one.width
    line.push(one.value)
  }
  endLine()
  return pieces
}

/** NULL is nothing. */
const concatenated = (values: readonly Sql[]): Sql =>
  sql`CONCAT(${joined(
    values.flatMap((value, i) => (i === 0 ? [value] : [sql`N','`, value])),
    ', ',
  )}${values.length === 1 ? sql`, N''` : sql``})`

/** Has a row a value of that size? Null: none ever has. */
export function isLarge(pieces: readonly Piece[]): Sql | null {
  const sizes = pieces.flatMap((p) =>
    p.kind === 'line' || p.size === null ? [] : [sql`${p.size} > ${raw(LARGE_BYTES)}`],
  )
  return sizes.length === 0 ? null : joined(sizes, ' OR ')
}

const named = (i: number): Sql => ident(`p${i + 1}`)

/** What is read of each row: its pieces, and the key of one that has a large value, which is left out. `r`: uncast. */
export function readColumns(c: Catalogs, r: FlowRelation, pieces: readonly Piece[]): Sql {
  const columns = pieces.map((p, i) => {
    const value =
      p.kind === 'line' || p.size === null
        ? p.value
        : sql`CASE WHEN ${p.size} <= ${raw(LARGE_BYTES)} THEN ${p.value} END`
    return sql`${value} AS ${named(i)}`
  })
  const large = isLarge(pieces)
  const key = c.kit.keyJson(r.key.map((k) => ({ type: k.sourceType, x: clearValue(c, k) })))
  return joined([...columns, ...(large === null ? [] : [sql`CASE WHEN ${large} THEN ${key} END AS [large]`])], ', ')
}

/** Where a row with large values is, and what its pieces are there. */
export interface LargeRow {
  readonly from: Sql
  readonly where: Sql
  readonly value: (piece: number) => Sql
}

const BY_UNITS = sql`COLLATE Latin1_General_BIN2`

/** A piece where it lies, as its parts are taken of it. */
export function pieceIn(pieces: readonly Piece[], i: number): Sql {
  const piece = pieces[i]
  if (piece === undefined) throw new TypeError(`no piece ${i}`)
  return piece.kind === 'text' ? sql`${piece.value} ${BY_UNITS}` : piece.value
}

/** Its pieces, without the large ones, and then which of them those are. */
export function largeColumns(pieces: readonly Piece[], { from, where, value }: LargeRow): Sql {
  const isLong = (i: number): Sql => sql`DATALENGTH(${value(i)}) > ${raw(LARGE_BYTES)}`
  const sized = (p: Piece): boolean => p.kind !== 'line' && p.size !== null
  const values = pieces.map((p, i) =>
    sized(p) ? sql`CASE WHEN ${isLong(i)} THEN NULL ELSE ${value(i)} END` : value(i),
  )
  const long = pieces.map((p, i) => (sized(p) ? sql`CASE WHEN ${isLong(i)} THEN N'1' END` : sql`N''`))
  return sql`SELECT ${joined([...values, ...long], ', ')} FROM ${from} WHERE ${where}`
}

const COPY = sql`#tidemark_large`

/** A copy of the row, made by one statement. */
export function storeLarge(pieces: readonly Piece[], from: Sql, where: Sql) {
  const columns = pieces.map((p, i) =>
    p.kind === 'bytes' ? sql`${named(i)} varbinary(max) NULL` : sql`${named(i)} nvarchar(max) ${BY_UNITS} NULL`,
  )
  const values = joined(
    pieces.map(({ value }) => value),
    ', ',
  )
  return {
    make: sql`DROP TABLE IF EXISTS ${COPY}; CREATE TABLE ${COPY} (${joined(columns, ', ')})`,
    fill: sql`INSERT INTO ${COPY} SELECT ${values} FROM ${from} WHERE ${where}`,
    from: sql`${COPY} AS l`,
    drop: sql`DROP TABLE ${COPY}`,
  }
}
