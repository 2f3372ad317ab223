/** The names of what is in a PostgreSQL database. */
import { createHash } from 'node:crypto'
import type { TableName } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import type { SourceNames, TargetNames } from '../relational/names.ts'
import { ident, type Sql, sql, textLiteral } from '../sql-text.ts'

/** `[table]`, `[schema, table]`: the schema of the connection where none is named. */
export function schemaAndTable(table: TableName, schema: string): readonly [string, string] {
  const [a, b] = table
  if (table.length === 1 && a !== undefined) return [schema, a]
  if (table.length === 2 && a !== undefined && b !== undefined) return [a, b]
  throw new AppError('TM4001', `${table.join('.')}: a PostgreSQL table is named table or schema.table`)
}

/** more rows than a page can have */
const PAGE = 65_536n

/** A row's number is that of its page and its place there, so it is good under one snapshot only. */
const placeOf = (n: bigint): Sql => sql`CAST(${textLiteral(`(${n / PAGE},${n % PAGE})`)} AS pg_catalog.tid)`

export function sourceNames(schema: string): SourceNames {
  const table = (name: TableName): Sql => ident(...schemaAndTable(name, schema))
  return {
    averageBytes: () => null,
    table,
    rowNumber: (_, alias) => {
      const at = sql`CAST(CAST(${ident(alias)}.ctid AS text) AS point)`
      return sql`(CAST((${at})[0] AS bigint) * 65536 + CAST((${at})[1] AS bigint))`
    },
    slice: (name, alias, first, last) => ({
      from: table(name),
      where: sql`${ident(alias)}.ctid >= ${placeOf(first)} AND ${ident(alias)}.ctid <= ${placeOf(last)}`,
    }),
  }
}

/** the server cuts a longer name, and two could become one */
export const LONGEST_NAME = 63

function fitting(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16)
  // whole characters, so that no half of one is left at the end
  const head = Buffer.from(name)
    .subarray(0, LONGEST_NAME - digest.length - 1)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${head}_${digest}`
}

export const OWN_SCHEMA = 'tidemark'

export const sideTableName = (table: TableName, schema: string): string =>
  fitting(`tidemark_position__${schemaAndTable(table, schema).join('__')}`)

export const targetNames = (schema: string): TargetNames => ({
  table: (name) => ident(...schemaAndTable(name, schema)),
  own: (name) => ident(OWN_SCHEMA, name),
  side: (name) => ident(OWN_SCHEMA, sideTableName(name, schema)),
})
