/** SQL Server's types: what may serve as a position, what a target holds exactly, how content is compared. */
import type { LogicalType } from '@tidemark/contract/logical-type'
import { catalogText, joined, type Sql, sql } from '../sql-text.ts'
import { findLoss, fractionOf } from './narrowing.ts'
import {
  columnType,
  castName as castNameOf,
  findType,
  formatType,
  longest,
  PADDED,
  type SqlServerType,
  TEXTS,
} from './type-text.ts'

export { fromText, valueText } from './value-text.sql.ts'

const LOGICAL: Readonly<Record<string, LogicalType>> = {
  bit: { kind: 'bool' },
  tinyint: { kind: 'int16' },
  smallint: { kind: 'int16' },
  int: { kind: 'int32' },
  bigint: { kind: 'int64' },
  smallmoney: { kind: 'decimal', precision: 10, scale: 4 },
  money: { kind: 'decimal', precision: 19, scale: 4 },
  real: { kind: 'float32' },
  float: { kind: 'float64' },
  binary: { kind: 'bytes' },
  varbinary: { kind: 'bytes' },
  image: { kind: 'bytes' },
  rowversion: { kind: 'bytes' },
  uniqueidentifier: { kind: 'uuid' },
  date: { kind: 'date' },
  json: { kind: 'json' },
  // what no other system has a type for; their text is all that they say
  datetimeoffset: { kind: 'text' },
  hierarchyid: { kind: 'text' },
  xml: { kind: 'text' },
}

/** The narrowest logical type that holds every value; null: one of SQL Server's own, which travels between its databases only. */
export function logicalTypeOf(text: string): LogicalType | null {
  const type = findType(text)
  if (type === null) return null
  if (TEXTS.has(type.name)) return { kind: 'text' }
  switch (type.name) {
    case 'decimal':
      return { kind: 'decimal', precision: type.modifiers[0] ?? 18, scale: type.modifiers[1] ?? 0 }
    case 'time':
      return { kind: 'time', digits: fractionOf(type) }
    case 'smalldatetime':
    case 'datetime':
    case 'datetime2':
      return { kind: 'timestamp', digits: fractionOf(type) }
    default:
      return LOGICAL[type.name] ?? null
  }
}

const HOLDERS: Readonly<
  Record<Exclude<LogicalType['kind'], 'decimal' | 'time' | 'timestamp' | 'timestamptz'>, string>
> = {
  bool: 'bit',
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  float32: 'real',
  float64: 'float',
  text: 'nvarchar(max)',
  bytes: 'varbinary(max)',
  uuid: 'uniqueidentifier',
  date: 'date',
  // a type of its own from 2025 on, which says the same in other words
  json: 'nvarchar(max)',
}
const FRACTIONAL = { time: 'time', timestamp: 'datetime2', timestamptz: 'datetimeoffset' } as const
const MOST_DIGITS = 38
const MOST_OF_A_SECOND = 7

export type Holder = { readonly type: string } | { readonly refused: string }

/** SQL Server's type for a logical one, or why it has none. */
export function holderOf(type: LogicalType): Holder {
  switch (type.kind) {
    case 'decimal':
      return type.precision <= MOST_DIGITS
        ? { type: `decimal(${type.precision},${type.scale})` }
        : { refused: `a decimal of SQL Server has at most ${MOST_DIGITS} digits` }
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const name = FRACTIONAL[type.kind]
      return type.digits <= MOST_OF_A_SECOND
        ? { type: `${name}(${type.digits})` }
        : { refused: `a ${name} has at most ${MOST_OF_A_SECOND} digits of a second` }
    }
    default:
      return { type: HOLDERS[type.kind] }
  }
}

/**
 * The type of a column made for values of that type of SQL Server's own: what is given by the server alone is its bytes,
 * and types of old are what took their place.
 */
export function copyType(text: string): string {
  const type = findType(text)
  switch (type?.name) {
    case 'rowversion':
      return 'binary(8)'
    case 'image':
    case 'ntext':
      return castNameOf(type)
    case 'text':
      return formatType({ ...type, name: 'varchar', modifiers: [Number.POSITIVE_INFINITY] })
    default:
      return text
  }
}

export type PositionClass = 'time' | 'number' | 'rowversion'

const INTEGERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'int', 'bigint'])
const TIMES: ReadonlySet<string> = new Set(['date', 'smalldatetime', 'datetime', 'datetime2', 'datetimeoffset'])

export function positionClass(text: string): PositionClass | null {
  const type = findType(text)
  if (type === null) return null
  if (TIMES.has(type.name)) return 'time'
  if (type.name === 'rowversion') return 'rowversion'
  return INTEGERS.has(type.name) || (type.name === 'decimal' && type.modifiers[1] === 0) ? 'number' : null
}

export const isInstant = (text: string): boolean => findType(text)?.name === 'datetimeoffset'

/** As a cast writes it. */
export const castName = (text: string): Sql => catalogText(nameOf(text, castNameOf))

/** As the definition of a column writes it: with the collation of a type whose bytes are those of a code page. */
export const definedAs = (text: string): Sql => catalogText(nameOf(text, columnType))

function nameOf(text: string, format: (type: SqlServerType) => string): string {
  const type = findType(text)
  return type === null ? text : format(type)
}

/** `=` tells every two values of them apart, or holds them equal by a collation or by zeros at their end, as an index does. */
const IDENTIFIES: ReadonlySet<string> = new Set([
  'bit',
  ...INTEGERS,
  'decimal',
  'smallmoney',
  'money',
  'date',
  'time',
  'smalldatetime',
  'datetime',
  'datetime2',
  'char',
  'varchar',
  'nchar',
  'nvarchar',
  'binary',
  'varbinary',
  'rowversion',
  'uniqueidentifier',
  'hierarchyid',
])

/** Types whose values can be in an index, and whose `=` identifies a row. Two instants of other offsets are equal, and not the same. */
export function canBeKey(text: string): boolean {
  const type = findType(text)
  return type !== null && IDENTIFIES.has(type.name) && (type.modifiers[0] ?? 0) !== Number.POSITIVE_INFINITY
}

/** Why `target` cannot hold every value of `source` exactly; null: it can. */
export const narrowing = (source: string, target: string): string | null => findLoss(source, target)?.why ?? null

const VARYING: ReadonlySet<string> = new Set([
  ...TEXTS,
  'binary',
  'varbinary',
  'image',
  'hierarchyid',
  'xml',
  'json',
  'sql_variant',
  'geometry',
  'geography',
])

/** Bytes a value takes in a batch, as SQL Server stores it; fixed-size types count 8. */
export function byteSize(text: string, x: Sql): Sql | null {
  const type = findType(text)
  return type === null || VARYING.has(type.name) ? sql`ISNULL(CONVERT(bigint, DATALENGTH(${x})), 0)` : null
}

const asBytes = (length: number, x: Sql): Sql =>
  length <= 8000 ? sql`CONVERT(varbinary(8000), ${x})` : sql`CONVERT(varbinary(max), ${x})`

/** Characters of UTF-16, whatever code page and collation they had: a temporary table has those of another database. */
function textBytes(type: SqlServerType, x: Sql): Sql {
  const characters = PADDED.has(type.name) ? sql`RTRIM(${x})` : x
  const length = longest(type)
  const text =
    type.name === 'nvarchar' || type.name === 'nchar'
      ? characters
      : sql`CONVERT(${length <= 4000 ? sql`nvarchar(4000)` : sql`nvarchar(max)`}, ${characters})`
  return asBytes(2 * length, text)
}

/**
 * What is equal, taken together, exactly where two values are the same. Of bytes the length is one of them: the server
 * holds two equal that differ in zeros at their end.
 */
function comparables(text: string, x: Sql): readonly Sql[] {
  const type = findType(text)
  if (type === null) return [x]
  if (TEXTS.has(type.name)) return lengthened(textBytes(type, x))
  switch (type.name) {
    case 'real':
    case 'float':
      return [sql`CONVERT(binary(8), CONVERT(float, ${x}))`]
    case 'binary':
      return [x]
    case 'varbinary':
      return lengthened(x)
    case 'image':
    case 'geometry':
    case 'geography':
      return lengthened(asBytes(Number.POSITIVE_INFINITY, x))
    case 'xml':
    case 'json':
      return lengthened(asBytes(Number.POSITIVE_INFINITY, sql`CONVERT(nvarchar(max), ${x})`))
    case 'datetimeoffset':
      return [x, sql`DATEPART(tzoffset, ${x})`]
    default:
      return [x]
  }
}

const lengthened = (bytes: Sql): readonly Sql[] => [bytes, sql`DATALENGTH(${bytes})`]

/** A predicate. Equal as bits: −0.0 is not 0.0, a collation has no say, nor have blanks at the end; NULL equals NULL. */
export function sameContent(text: string, a: Sql, b: Sql): Sql {
  const of = (x: Sql): Sql => joined(comparables(text, x), ', ')
  return sql`EXISTS (SELECT ${of(a)} INTERSECT SELECT ${of(b)})`
}

/** A predicate: as `sameContent`, of two values none of which is NULL. */
export const equalContent = (text: string, a: Sql, b: Sql): Sql =>
  joined(
    comparables(text, a).map((x, i) => sql`${x} = ${comparables(text, b)[i] ?? b}`),
    ' AND ',
  )

/** One value whose `=` says whether two are the same, of a type that can be a key; NULL stays NULL. */
export function bits(text: string, x: Sql): Sql {
  const type = findType(text)
  if (type === null) return x
  // with a byte behind them, zeros at the end count
  if (TEXTS.has(type.name)) return sql`(${textBytes(type, x)} + 0x01)`
  return type.name === 'varbinary' ? sql`(${x} + 0x01)` : x
}
