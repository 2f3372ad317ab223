/** The image of a selection: its rows as one Parquet file, in the target's columns. No clear value of a mask is in it. */
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import { landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, typed } from '../relational/names.ts'
import { ident, joined, type Sql, sql, textLiteral, whole } from '../sql-text.ts'
import { inParquet, parquetOptions } from './parquet-types.ts'

export interface ImageColumn {
  readonly name: string
  /** DuckDB's own name of the type that its values have, whatever they lie in the file as */
  readonly type: string
}

/** By which a row of an image is found again. */
const PLACE = 'file_row_number'
/** A writer holds a row group of every column: wide ones are shorter. */
const VALUES_OF_GROUP = 8_000_000
const LONGEST_GROUP = 122_880
const SHORTEST_GROUP = 2_048

/** Throws TM4025 or TM2007. */
export function imageColumns(r: FlowRelation): readonly ImageColumn[] {
  const refused = r.columns.filter(({ targetType }) => inParquet(targetType) === null)
  if (refused.length > 0) throw new AppError('TM4025', refused.map((c) => `${c.target} is ${c.targetType}`).join(', '))
  const taken = r.columns.find(({ target }) => target.toLowerCase() === PLACE)
  if (taken) throw new AppError('TM2007', `a column called ${taken.target} hides the row's own place in its image`)
  return r.columns.map((x) => ({ name: x.target, type: x.targetType }))
}

/** `rows`: FROM and WHERE. */
export function copyImage(c: Catalogs, r: FlowRelation, rows: Sql, path: string): Sql {
  const columns = r.columns.map((x) => {
    const value = landingValue(c, x)
    const stored = inParquet(x.targetType) === 'value' ? value : sql`CAST(${value} AS VARCHAR)`
    return sql`${stored} AS ${ident(x.target)}`
  })
  const group = Math.min(LONGEST_GROUP, Math.max(SHORTEST_GROUP, Math.floor(VALUES_OF_GROUP / r.columns.length)))
  return sql`COPY (SELECT ${joined(columns, ', ')}
${rows}) TO ${textLiteral(path)} (${parquetOptions(r.columns.map((x) => x.targetType))}, ROW_GROUP_SIZE ${whole(BigInt(group))})`
}

export const readImage = (path: string): Sql =>
  sql`read_parquet(${textLiteral(path)}, file_row_number = TRUE, hive_partitioning = FALSE)`

export const imagePlace = (alias: string): Sql => ident(alias, PLACE)

export const imageValue = (alias: string, { name, type }: ImageColumn): Sql =>
  inParquet(type) === 'value' ? ident(alias, name) : sql`CAST(${ident(alias, name)} AS ${typed(type)})`
