/**
 * Few rows of many columns, taken out of an image: a list for each type instead of a column for each value, for a table in
 * memory has a block of every column.
 */
import { type ImageColumn, imagePlace, readImage } from '../dialects/duckdb/image.sql.ts'
import { inParquet } from '../dialects/duckdb/parquet-types.ts'
import { sameContent } from '../dialects/duckdb/types.ts'
import { ident, joined, type Sql, sql, whole } from '../dialects/sql-text.ts'

interface Held {
  readonly list: string
  /** from 1 on */
  readonly index: number
  /** as which the image has its values */
  readonly type: string
}

export interface PackedRows {
  /** place, and the lists */
  readonly table: Sql
  readonly columns: ReadonlyMap<string, Held>
}

const list = (items: readonly Sql[]): Sql => joined(items, ', ')
const storedType = ({ type }: ImageColumn): string => (inParquet(type) === 'value' ? type : 'VARCHAR')

export function packedRows(table: Sql, columns: readonly ImageColumn[]): PackedRows {
  const byType = [...Map.groupBy(columns, storedType)]
  const held = byType.flatMap(([type, ofType], n) =>
    ofType.map(({ name }, i) => [name, { list: `list${n}`, index: i + 1, type }] as const),
  )
  return { table, columns: new Map(held) }
}

const FIRST_LIST = 'list0'

/** As columns, where the image is `i`. `only`: of rows for which that holds; of others they are NULL. */
export const packedLists = ({ columns }: Pick<PackedRows, 'columns'>, only: Sql | null): readonly Sql[] =>
  [...Map.groupBy(columns, ([, held]) => held.list)].map(([name, ofList]) => {
    const values = sql`[${list(ofList.map(([column]) => ident('i', column)))}]`
    return sql`${only === null ? values : sql`CASE WHEN ${only} THEN ${values} END`} AS ${ident(name)}`
  })

/** Those of a table that have lists. */
export const packedIn = (table: Sql, columns: readonly ImageColumn[]): PackedRows =>
  packedRows(sql`(SELECT * FROM ${table} WHERE ${ident(FIRST_LIST)} IS NOT NULL)`, columns)

/** `which`: of the image as `i`. */
export const packRows = (rows: PackedRows, image: string, which: Sql): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${rows.table} AS SELECT ${list([sql`${imagePlace('i')} AS place`, ...packedLists(rows, null)])}
FROM ${readImage(image)} AS i WHERE ${which}`

/** As `alias` the table: a value as the image has it. */
export const packedValue = (rows: PackedRows, alias: string, name: string): Sql => {
  const held = heldOf(rows, name)
  return sql`${ident(alias, held.list)}[${whole(BigInt(held.index))}]`
}

/** As the image itself is read, of these rows. */
export const unpacked = (rows: PackedRows): Sql =>
  sql`(SELECT ${list([
    sql`p.place AS file_row_number`,
    ...[...rows.columns.keys()].map((name) => sql`${packedValue(rows, 'p', name)} AS ${ident(name)}`),
  ])} FROM ${rows.table} AS p)`

export interface PackedPair {
  readonly ord: number
  readonly before: string
  readonly now: string
}

/**
 * The ords of those pairs in which any value is not the same as bits. `pairs`: rows as `o` and `n`, a place of each beside
 * the other. Of values that lie in the images as other types nothing is said: they are all among the ords.
 */
export function whichDiffer(
  pairs: readonly PackedPair[],
  { before, now, from }: { readonly before: PackedRows; readonly now: PackedRows; readonly from: Sql },
): Sql {
  const both = pairs.map((pair) => ({ ...pair, o: heldOf(before, pair.before), n: heldOf(now, pair.now) }))
  const others = both.filter(({ o, n }) => o.type !== n.type).map(({ ord }) => sql`SELECT ${whole(BigInt(ord))} AS ord`)
  const alike = Map.groupBy(
    both.filter(({ o, n }) => o.type === n.type),
    ({ o, n }) => `${o.list} ${n.list}`,
  )
  const found = [...alike.values()].flatMap((ofType) => {
    const [first] = ofType
    const numbers = (of: (pair: (typeof both)[number]) => number): Sql =>
      sql`[${list(ofType.map((pair) => whole(BigInt(of(pair)))))}]`
    return first === undefined
      ? []
      : sql`SELECT DISTINCT ord FROM (SELECT unnest(${numbers((p) => p.ord)}) AS ord,
  unnest(list_select(${ident('o', first.o.list)}, ${numbers((p) => p.o.index)})) AS a,
  unnest(list_select(${ident('n', first.n.list)}, ${numbers((p) => p.n.index)})) AS b ${from}) AS q
WHERE NOT (${sameContent(first.o.type, sql`a`, sql`b`)})`
  })
  return joined([...others, ...found], '\nUNION ALL\n')
}

function heldOf({ columns }: PackedRows, name: string): Held {
  const held = columns.get(name)
  if (held === undefined) throw new RangeError(`${name} is not among the packed columns`)
  return held
}
