/**
 * Rows as they leave SQL Server. The server makes texts of what the client would round, and of nothing else: a quotation mark
 * costs the client a tenth of what it costs the server, where each is a call of a function over every row.
 */
import { carriedPosition } from '../arrived-relation.ts'
import type { FlowRelation } from '../contract.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import { clearValue, landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import { catalogText, ident, joined, type Sql, sql } from '../sql-text.ts'
import { WHOLE_NUMBERS } from './narrowing.ts'
import { findType, longest, TEXTS } from './type-text.ts'
import { valueText } from './types.ts'

/** bytes of a value from which on it is read in parts, and never as a whole */
export const LARGE_BYTES = 4 * 1024 * 1024
/** characters that a text has which is not of any length */
const LONGEST_TEXT = 4000

const raw = (n: number): Sql => catalogText(String(n))

/** A column as it is read, one of the client's values. */
export interface Leaving {
  /** number: or any text without a comma or mark in it · truth: a bit · digits: a uuid · text: quoted · bytes: written in digits */
  readonly kind: 'number' | 'truth' | 'uuid' | 'text' | 'bytes'
  readonly value: Sql
  /** its bytes, where there may be many; null: never */
  readonly size: Sql | null
  /** the value is what is stored, of which the server gives a part without reading it all */
  readonly isStored: boolean
}

/** The flow's relation as its rows leave: nothing is cast here, for casts name types of the target. */
export const uncast = (r: FlowRelation): FlowRelation => {
  const own = <X extends PlannedColumn>(x: X): X =>
    isConstant(x)
      ? { ...x, sourceType: 'nvarchar(max)', targetType: 'nvarchar(max)' }
      : { ...x, cast: null, targetType: leavingType(x) }
  return { ...r, columns: r.columns.map(own), key: r.key.map(own) }
}

function leavingType({ mask, sourceType }: PlannedColumn): string {
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

const bytesOf = (x: Sql): Sql => sql`DATALENGTH(${x})`

function leaving(text: string, x: Sql): Leaving {
  const type = findType(text)
  if (type === null) throw new TypeError(`no values of ${text} are moved`)
  const short = { size: null, isStored: false }
  const size = Number.isFinite(longest(type)) ? null : bytesOf(x)
  if (TEXTS.has(type.name)) return { kind: 'text', value: valueText(text, x), size, isStored: type.name === 'nvarchar' }
  if (type.name === 'bit') return { kind: 'truth', value: x, ...short }
  if (WHOLE_NUMBERS.has(type.name)) return { kind: 'number', value: x, ...short }
  switch (type.name) {
    case 'uniqueidentifier':
      return { kind: 'uuid', value: x, ...short }
    case 'rowversion':
      return { kind: 'bytes', value: sql`CONVERT(binary(8), ${x})`, ...short }
    case 'binary':
    case 'varbinary':
      return { kind: 'bytes', value: x, size, isStored: true }
    case 'image':
    case 'geometry':
    case 'geography':
      return { kind: 'bytes', value: sql`CONVERT(varbinary(max), ${x})`, size: bytesOf(x), isStored: false }
    // what they take where they are stored says little of their text
    case 'xml':
    case 'json':
      return { kind: 'text', value: valueText(text, x), size: bytesOf(valueText(text, x)), isStored: false }
    default:
      return { kind: 'number', value: valueText(text, x), ...short }
  }
}

/** In the order of the file. `r`: uncast. */
export function leavingColumns(c: Catalogs, r: FlowRelation): readonly Leaving[] {
  const carried = carriedPosition(r)
  return [
    ...r.columns.map((x) => leaving(x.targetType, x.mask === null ? clearValue(c, x) : landingValue(c, x))),
    ...(carried !== null && r.position ? [leaving(r.position.type, column(r.position.ref))] : []),
  ]
}

/** Has a row a value of that size? Null: none ever has. */
export function isLarge(columns: readonly Leaving[]): Sql | null {
  const sizes = columns.flatMap(({ size }) => (size === null ? [] : [sql`${size} > ${raw(LARGE_BYTES)}`]))
  return sizes.length === 0 ? null : joined(sizes, ' OR ')
}

const named = (i: number): Sql => ident(`c${i + 1}`)

/** Without a type of its own a server that is another and speaks the protocol sends the texts beside it in a code page. */
const NO_TEXT = sql`CAST(NULL AS nvarchar(max))`
const nothing = ({ kind }: Leaving): Sql => (kind === 'text' ? NO_TEXT : sql`NULL`)

/** What is read of each row: its columns, and the key of one that has a large value, which is left out. `r`: uncast. */
export function readColumns(c: Catalogs, r: FlowRelation, columns: readonly Leaving[]): Sql {
  const values = columns.map((x, i) => {
    const { size, value } = x
    const read =
      size === null ? value : sql`CASE WHEN ${size} <= ${raw(LARGE_BYTES)} THEN ${value} ELSE ${nothing(x)} END`
    return sql`${read} AS ${named(i)}`
  })
  const large = isLarge(columns)
  const key = c.kit.keyJson(r.key.map((k) => ({ type: k.sourceType, x: clearValue(c, k) })))
  return joined(
    [...values, ...(large === null ? [] : [sql`CASE WHEN ${large} THEN ${key} ELSE ${NO_TEXT} END AS [large]`])],
    ', ',
  )
}

/** Where a row with large values is, and what its columns are there. */
export interface LargeRow {
  readonly from: Sql
  readonly where: Sql
  readonly value: (column: number) => Sql
}

/** Characters are counted as those of UTF-16. */
const BY_UNITS = sql`COLLATE Latin1_General_BIN2`

/** The row where it lies. */
export const largeInPlace = (columns: readonly Leaving[], from: Sql, where: Sql): LargeRow => ({
  from,
  where,
  value: (i) => {
    const x = columns[i]
    if (x === undefined) throw new TypeError(`no column ${i}`)
    return x.kind === 'text' ? sql`${x.value} ${BY_UNITS}` : x.value
  },
})

/** Its columns, without the large ones, and then which of them those are. */
export function largeColumns(columns: readonly Leaving[], { from, where, value }: LargeRow): Sql {
  const isLong = (i: number): Sql => sql`DATALENGTH(${value(i)}) > ${raw(LARGE_BYTES)}`
  const values = columns.map((x, i) =>
    x.size === null ? value(i) : sql`CASE WHEN ${isLong(i)} THEN ${nothing(x)} ELSE ${value(i)} END`,
  )
  const long = columns.map(({ size }, i) => (size === null ? sql`N''` : sql`CASE WHEN ${isLong(i)} THEN N'1' END`))
  return sql`SELECT ${joined([...values, ...long], ', ')} FROM ${from} WHERE ${where}`
}

const COPY = sql`#tidemark_large`

const COPIED_AS: Readonly<Record<Leaving['kind'], Sql>> = {
  number: sql`nvarchar(4000)`,
  truth: sql`bit`,
  uuid: sql`uniqueidentifier`,
  text: sql`nvarchar(max) ${BY_UNITS}`,
  bytes: sql`varbinary(max)`,
}

/** A copy of the row, made by one statement: of one version, and read without holding anybody up. */
export function copyLarge(columns: readonly Leaving[], from: Sql, where: Sql) {
  const definitions = columns.map(({ kind }, i) => sql`${named(i)} ${COPIED_AS[kind]} NULL`)
  const values = columns.map(({ value }) => value)
  const row: LargeRow = { from: sql`${COPY} AS l`, where: sql`1 = 1`, value: (i) => sql`l.${named(i)}` }
  return {
    make: sql`DROP TABLE IF EXISTS ${COPY}; CREATE TABLE ${COPY} (${joined(definitions, ', ')})`,
    fill: sql`INSERT INTO ${COPY} SELECT ${joined(values, ', ')} FROM ${from} WHERE ${where}`,
    row,
    drop: sql`DROP TABLE ${COPY}`,
  }
}
