/** What is in the databases of a SQL Server. Names are compared as the database compares them. */
import type { TableName } from '@tidemark/contract/flow'
import { parseTableName } from '@tidemark/contract/table-name'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { ColumnFacts, TableFacts } from '../contract.ts'
import type { SelfReference } from '../flow-relation.ts'
import { EMPTY, param, type Sql, sql } from '../sql-text.ts'
import { type CatalogPlace, findCatalog, objectOf } from './catalog.ts'
import type { Place } from './names.ts'
import { query } from './run-sql.ts'
import { FACET_CELLS, joinBaseType, TYPE_FACETS, typeOfFacets } from './type-names.sql.ts'

/** A column set is another way to write other columns; `b` is the column's type. */
const isGenerated = ({ server }: CatalogPlace): Sql =>
  // a linked server may be older than periods, and nothing is written there
  sql`CASE WHEN c.is_computed = 1 OR c.is_column_set = 1 OR b.name = N'timestamp'${server === null ? sql` OR c.generated_always_type <> 0` : EMPTY} THEN 1 ELSE 0 END`

/** Of a table in rows or columns; a view and a table in memory are not counted by the catalog. */
const estimate = ({ sys }: CatalogPlace): Sql =>
  sql`(SELECT SUM(p.rows) FROM ${sys('partitions')} AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))`

function columnsOf(place: CatalogPlace): Sql {
  const { from, where } = objectOf(place)
  return sql`
SELECT ${TYPE_FACETS}, c.name, c.is_nullable, ${isGenerated(place)}, c.is_identity, ${estimate(place)}
FROM ${from} JOIN ${place.sys('columns')} AS c ON c.object_id = o.object_id ${joinBaseType(place.sys('types'))}
WHERE ${where} ORDER BY c.column_id`
}

/** Columns of unique indexes over all rows: those of keys, of constraints and of none. The primary key first. */
function uniqueColumnsOf(place: CatalogPlace): Sql {
  const { from, where } = objectOf(place)
  return sql`
SELECT i.index_id, c.name FROM ${from} JOIN ${place.sys('indexes')} AS i ON i.object_id = o.object_id
JOIN ${place.sys('index_columns')} AS x ON x.object_id = i.object_id AND x.index_id = i.index_id
JOIN ${place.sys('columns')} AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE ${where} AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND x.key_ordinal > 0
ORDER BY CASE i.is_primary_key WHEN 1 THEN 0 ELSE 1 END, i.index_id, x.key_ordinal`
}

/** Types of its columns, by name, for which no keys and no rows have to be looked up; none: there is no such table. */
export async function typesIn(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<ReadonlyMap<string, string>> {
  const place = await findCatalog(session, table, at, where)
  if (place === null) return new Map()
  const object = objectOf(place)
  const rows = await query(
    session,
    sql`SELECT ${TYPE_FACETS}, c.name FROM ${object.from} JOIN ${place.sys('columns')} AS c ON c.object_id = o.object_id ${joinBaseType(place.sys('types'))} WHERE ${object.where}`,
    where,
    'TM4019',
  )
  const meant = rows.length === 0 ? await synonymOf(session, place, where) : null
  if (meant !== null) return await typesIn(session, meant, { ...at, ...place }, where)
  return new Map(rows.map((row) => [row[FACET_CELLS] ?? '', typeOfFacets(row)]))
}

/** A table or view, or what a synonym stands for; null: there is none. */
export async function describeTable(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<TableFacts | null> {
  const place = await findCatalog(session, table, at, where)
  if (place === null) return null
  const rows = await query(session, columnsOf(place), where, 'TM4019')
  const [first] = rows
  if (first === undefined) {
    const meant = await synonymOf(session, place, where)
    const facts = meant && (await describeTable(session, meant, { ...at, ...place }, where))
    return facts && { ...facts, table }
  }
  const columns = rows.map(columnFacts)
  if (place.server !== null) refuseDistributed(place.server, table, columns)
  const unique = await query(session, uniqueColumnsOf(place), where, 'TM4019')
  const keys = Map.groupBy(unique, ([index]) => index)
  const estimated = first[FACET_CELLS + 4]
  return {
    table,
    columns,
    uniqueKeys: [...keys.values()].map((key) => key.map(([, name]) => name ?? '')),
    estimatedRows: estimated == null ? null : BigInt(estimated),
  }
}

function columnFacts(row: readonly (string | null)[]): ColumnFacts {
  const type = typeOfFacets(row.slice(0, FACET_CELLS))
  const collation = row[FACET_CELLS - 2]
  const [name, nullable, generated, identity] = row.slice(FACET_CELLS)
  return {
    name: name ?? '',
    type,
    nullable: nullable === '1',
    generated: generated === '1',
    // any of them: even one of bits holds two texts equal that differ in blanks at their end, and so with zeros of bytes
    ...(collation == null ? (type.startsWith('varbinary') ? { collation: '' } : {}) : { collation }),
    ...(identity === '1' ? { identity: 'always' } : {}),
  }
}

/** Those that refuse a change of the referred row, a FileTable's own included. */
export async function selfReferences(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<readonly SelfReference[]> {
  const place = await findCatalog(session, table, at, where)
  if (place === null) return []
  const { sys } = place
  const object = objectOf(place)
  const rows = await query(
    session,
    sql`SELECT c.name, d.name FROM ${object.from}
JOIN ${sys('foreign_keys')} AS f ON f.parent_object_id = o.object_id AND f.referenced_object_id = o.object_id
JOIN ${sys('foreign_key_columns')} AS k ON k.constraint_object_id = f.object_id
JOIN ${sys('columns')} AS c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id
JOIN ${sys('columns')} AS d ON d.object_id = k.referenced_object_id AND d.column_id = k.referenced_column_id
WHERE ${object.where} AND f.is_disabled = 0 AND f.update_referential_action = 0 ORDER BY f.name, k.constraint_column_id`,
    where,
    'TM4019',
  )
  const meant = rows.length === 0 ? await synonymOf(session, place, where) : null
  if (meant !== null) return await selfReferences(session, meant, { ...at, ...place }, where)
  return rows.map(([column, referenced]) => ({ column: column ?? '', referenced: referenced ?? '' }))
}

/** Synonyms do not stand for one another. */
async function synonymOf(session: SqlServerSession, place: CatalogPlace, where: string): Promise<TableName | null> {
  if (place.server !== null) return null
  const [row] = await query(
    session,
    sql`SELECT y.base_object_name FROM ${place.sys('synonyms')} AS y JOIN ${place.sys('schemas')} AS n ON n.schema_id = y.schema_id
WHERE n.name = ${param(place.schema)} AND y.name = ${param(place.name)}`,
    where,
    'TM4019',
  )
  const text = row?.[0]
  return text == null ? null : parseTableName(text)
}

/** A statement across servers is refused for a column that it does not even name. */
function refuseDistributed(server: string, table: TableName, columns: readonly ColumnFacts[]): void {
  const never = columns.filter(({ type }) => /^(?:xml|json|hierarchyid|geometry|geography|\[.*)$/.test(type))
  if (never.length > 0)
    throw new AppError(
      'TM4001',
      `${table.join('.')} has ${never.map(({ name, type }) => `${name} ${type}`).join(', ')}, which no statement across servers may read`,
      {
        remedy: [
          `a connection to ${server} itself reads it`,
          'or a view there, without these columns or with them cast',
        ],
      },
    )
}

/** Does an index begin with that column, in which a range is found? One of some rows only does not count. */
export async function isIndexed(
  session: SqlServerSession,
  table: TableName,
  column: string,
  at: Place,
  where: string,
): Promise<boolean> {
  const place = await findCatalog(session, table, at, where)
  if (place === null) return false
  const object = objectOf(place)
  // 1 and 2: trees of rows; the others are of columns, or of hashes
  const rows = await query(
    session,
    sql`SELECT TOP (1) 1 FROM ${object.from} JOIN ${place.sys('indexes')} AS i ON i.object_id = o.object_id
JOIN ${place.sys('index_columns')} AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal = 1
JOIN ${place.sys('columns')} AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
WHERE ${object.where} AND c.name = ${param(column)} AND i.type IN (1, 2) AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0`,
    where,
    'TM4019',
  )
  return rows.length > 0
}
