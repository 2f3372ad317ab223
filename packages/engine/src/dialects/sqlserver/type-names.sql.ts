/**
 * A column's type as `type-text.ts` reads it. A type that somebody made of a built-in one is that one: what it forbids is
 * the target's matter, and a value is the same without.
 */
import { type Sql, sql } from '../sql-text.ts'
import { formatType, findType, OF_A_CODE_PAGE } from './type-text.ts'

/** of every system type of a library, as `system_type_id` says */
const OF_A_LIBRARY = sql`240`

/** The type below that of alias `c`, which is of sys.columns or sys.types: a row of sys.types, joined as `b`. */
export const joinBaseType = (types: Sql): Sql =>
  sql`JOIN ${types} AS b ON b.user_type_id = CASE c.system_type_id WHEN ${OF_A_LIBRARY} THEN c.user_type_id ELSE c.system_type_id END`

/** How many cells `TYPE_FACETS` has. */
export const FACET_CELLS = 7
/** What `c` and `b` say of a type: name, whether somebody made it, bytes, digits, scale, collation and its code page. */
export const TYPE_FACETS = sql`b.name, b.is_user_defined, c.max_length, c.precision, c.scale, c.collation_name, CONVERT(nvarchar(10), COLLATIONPROPERTY(c.collation_name, 'CodePage'))`

const WITH_SCALE: ReadonlySet<string> = new Set(['datetime2', 'datetimeoffset', 'time'])
const DOUBLE: ReadonlySet<string> = new Set(['nchar', 'nvarchar'])
const SIZED: ReadonlySet<string> = new Set([...DOUBLE, 'char', 'varchar', 'binary', 'varbinary'])

/** The type's one text, or a name in brackets of one that a library of somebody's has, which is read as none. */
export function typeOfFacets([name, own, bytes, digits, scale, collation, codePage]: readonly (
  | string
  | null
)[]): string {
  if (own === '1') return `[${name}] /* of an assembly */`
  const base = name ?? ''
  const length = bytes === '-1' ? 'max' : String(Number(bytes) / (DOUBLE.has(base) ? 2 : 1))
  const modifiers = SIZED.has(base)
    ? `(${length})`
    : WITH_SCALE.has(base)
      ? `(${scale})`
      : base === 'decimal' || base === 'numeric'
        ? `(${digits},${scale})`
        : ''
  return withEncoding(`${base}${modifiers}`, collation ?? null, codePage ?? null)
}

/** `text`: as the catalog or the description of a result writes it. */
export function withEncoding(text: string, collation: string | null, codePage: string | null): string {
  const type = findType(text)
  if (type === null) return text
  return formatType(
    OF_A_CODE_PAGE.has(type.name) && collation !== null
      ? { ...type, encoding: { codePage: Number(codePage ?? 0), collation } }
      : type,
  )
}
