/**
 * SQL Server's text of a type: `nvarchar(50)`, `decimal(38,10)`, `datetime2(7)`. One whose bytes are those of a code page
 * says in a comment which, and of what collation: `varchar(50)` followed by `1252 Latin1_General_CI_AS`. So the text alone
 * tells one from another, and is SQL as it stands, in a cast and in a definition; `columnType` is what a definition needs.
 */

export interface Encoding {
  /** as COLLATIONPROPERTY tells it; 65001: UTF-8 */
  readonly codePage: number
  readonly collation: string
}

export interface SqlServerType {
  /** one of `NAMES` */
  readonly name: string
  /** characters of n(var)char, bytes of (var)char and (var)binary, Infinity: max; digits and scale; digits of a second */
  readonly modifiers: readonly number[]
  /** of char, varchar and text, where it is known */
  readonly encoding: Encoding | null
}

/** What is left out after a name, and the limits of what may be written. `max`: that may be written too. */
interface Modifier {
  readonly whenNone: number
  readonly least: number
  readonly most: number
}
interface Form {
  readonly modifiers: readonly Modifier[]
  readonly max: boolean
}

const NO_FORM: Form = { modifiers: [], max: false }
const lengthTo = (most: number, max: boolean): Form => ({ modifiers: [{ whenNone: 1, least: 1, most }], max })
const DIGITS: Form = { modifiers: [{ whenNone: 7, least: 0, most: 7 }], max: false }

/** The base types, by the one name that each has here. */
const FORMS: Readonly<Record<string, Form>> = {
  bit: NO_FORM,
  tinyint: NO_FORM,
  smallint: NO_FORM,
  int: NO_FORM,
  bigint: NO_FORM,
  decimal: {
    modifiers: [
      { whenNone: 18, least: 1, most: 38 },
      { whenNone: 0, least: 0, most: 38 },
    ],
    max: false,
  },
  smallmoney: NO_FORM,
  money: NO_FORM,
  real: NO_FORM,
  float: NO_FORM,
  date: NO_FORM,
  smalldatetime: NO_FORM,
  datetime: NO_FORM,
  datetime2: DIGITS,
  datetimeoffset: DIGITS,
  time: DIGITS,
  char: lengthTo(8000, false),
  varchar: lengthTo(8000, true),
  text: NO_FORM,
  nchar: lengthTo(4000, false),
  nvarchar: lengthTo(4000, true),
  ntext: NO_FORM,
  binary: lengthTo(8000, false),
  varbinary: lengthTo(8000, true),
  image: NO_FORM,
  rowversion: NO_FORM,
  uniqueidentifier: NO_FORM,
  hierarchyid: NO_FORM,
  xml: NO_FORM,
  json: NO_FORM,
  sql_variant: NO_FORM,
  geometry: NO_FORM,
  geography: NO_FORM,
}
export const NAMES: readonly string[] = Object.keys(FORMS)

/** Other names of theirs. */
const ALIASES: Readonly<Record<string, string>> = {
  integer: 'int',
  dec: 'decimal',
  numeric: 'decimal',
  'double precision': 'float',
  timestamp: 'rowversion',
  character: 'char',
  'char varying': 'varchar',
  'character varying': 'varchar',
  'national char': 'nchar',
  'national character': 'nchar',
  'national char varying': 'nvarchar',
  'national character varying': 'nvarchar',
  'national text': 'ntext',
  'binary varying': 'varbinary',
}

/** digits of the mantissa from which on a `float(n)` is a float */
const FLOAT_FROM = 25

const TEXT =
  /^(?<name>[a-z_][a-z0-9_]*(?: [a-z]+)*?) ?(?:\( ?(?<modifiers>max|\d{1,4}(?: ?, ?\d{1,4})?) ?\))?(?: collate (?<asked>\w+)| \/\* (?<codePage>\d+) (?<collation>\w+) \*\/)?$/i

/**
 * null: no type that this version can read. What a person may write is read too: other names, and `collate NAME` for a
 * collation whose code page has to be asked for.
 */
export function findType(text: string): SqlServerType | null {
  const { groups } = TEXT.exec(text.trim()) ?? {}
  if (groups === undefined || groups['asked'] !== undefined) return null
  const written = (groups['name'] ?? '').toLowerCase()
  const given = groups['modifiers']?.toLowerCase() ?? null
  const { codePage, collation } = groups
  const encoding = codePage === undefined || collation === undefined ? null : { codePage: Number(codePage), collation }
  if (written === 'sysname') return given === null && encoding === null ? nvarchar(128) : null
  const name = Object.hasOwn(ALIASES, written) ? (ALIASES[written] ?? written) : written
  if (encoding !== null && !OF_A_CODE_PAGE.has(name)) return null
  if (name === 'float' && given !== null) return floatOf(given)
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined
  const modifiers = form === undefined ? null : modifiersOf(form, given)
  return modifiers && { name, modifiers, encoding }
}

/** The type without its collation, and the collation's name, of a text that a person wrote; null: it names none. */
export function splitCollation(text: string): { readonly type: string; readonly collation: string } | null {
  const [, type, collation] = /^(.+?) collate (\w+)$/i.exec(text.trim()) ?? []
  return type === undefined || collation === undefined ? null : { type, collation }
}

const nvarchar = (length: number): SqlServerType => ({ name: 'nvarchar', modifiers: [length], encoding: null })

function floatOf(given: string): SqlServerType | null {
  const bits = Number(given)
  if (!(bits >= 1 && bits <= 53)) return null
  return { name: bits < FLOAT_FROM ? 'real' : 'float', modifiers: [], encoding: null }
}

function modifiersOf({ modifiers, max }: Form, given: string | null): readonly number[] | null {
  if (given === 'max') return max ? [Number.POSITIVE_INFINITY] : null
  const written = given === null ? [] : given.split(',').map(Number)
  if (written.length > modifiers.length) return null
  const all = modifiers.map(({ whenNone }, i) => written[i] ?? whenNone)
  const fits = modifiers.every(({ least, most }, i) => (all[i] ?? 0) >= least && (all[i] ?? 0) <= most)
  // the scale is at most the precision
  return fits && !(all.length === 2 && (all[1] ?? 0) > (all[0] ?? 0)) ? all : null
}

/** Their bytes mean what a code page says. */
export const OF_A_CODE_PAGE: ReadonlySet<string> = new Set(['char', 'varchar', 'text'])
export const TEXTS: ReadonlySet<string> = new Set([...OF_A_CODE_PAGE, 'nchar', 'nvarchar', 'ntext'])
/** filled up with spaces, which are no part of the value */
export const PADDED: ReadonlySet<string> = new Set(['char', 'nchar'])

/** Characters or bytes that a value has at most; Infinity: any number. */
export const longest = ({ name, modifiers }: SqlServerType): number =>
  name === 'rowversion' ? 8 : (modifiers[0] ?? Number.POSITIVE_INFINITY)

/** Without its collation. */
export function plainName({ name, modifiers }: SqlServerType): string {
  const written = modifiers.map((n) => (n === Number.POSITIVE_INFINITY ? 'max' : String(n)))
  return written.length === 0 ? name : `${name}(${written.join(',')})`
}

/** What took the place of types of old, whose values are the same and which functions take. */
const TODAY: Readonly<Record<string, string>> = {
  text: 'varchar(max)',
  ntext: 'nvarchar(max)',
  image: 'varbinary(max)',
}

/** As a cast writes it, which takes no collation. */
export const castName = (type: SqlServerType): string => TODAY[type.name] ?? plainName(type)

/** The one text of a type. */
export const formatType = (type: SqlServerType): string =>
  type.encoding === null
    ? plainName(type)
    : `${plainName(type)} /* ${type.encoding.codePage} ${type.encoding.collation} */`

/** As the definition of a column writes it, so that its bytes mean the same whatever the database's own collation is. */
export const columnType = (type: SqlServerType): string =>
  type.encoding === null ? castName(type) : `${castName(type)} COLLATE ${type.encoding.collation}`
