/** What is in an attached DuckDB file. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import type { DuckdbFile, DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import { translate } from './errors.ts'
import type { SourceIdentity, TableFacts } from '../contract.ts'
import { ident, type Sql, textOf } from '../sql-text.ts'

/**
 * `[table]`, `[schema, table]`: DuckDB's default schema is `main`. A table of one of several databases of a server stands in
 * the schema `database.schema`, so that the flows of such a server run on one file as well.
 */
export const schemaAndTable = (table: TableName): readonly [string, string] => [
  table.length === 1 ? 'main' : table.slice(0, -1).join('.'),
  table.at(-1) ?? '',
]

/** As statements for a person name it. */
export const shownTable = (table: TableName): Sql => ident(...(table.length > 2 ? schemaAndTable(table) : table))

export const tableIdent = (file: DuckdbFile, table: TableName): Sql => ident(file.catalog, ...schemaAndTable(table))

/** DuckDB's names are one name whatever their case. */
const NAMED = 'database_name = ?1 AND lower(schema_name) = lower(?2) AND lower(table_name) = lower(?3)'

/** Primary keys and UNIQUE have an index too. */
const TABLE = `SELECT estimated_size, sql, index_count FROM duckdb_tables() WHERE ${NAMED}`

const VIEW = `SELECT column_name, data_type FROM duckdb_columns() WHERE ${NAMED} ORDER BY column_index`

const KEYS = `
SELECT (SELECT to_json(list(constraint_column_names ORDER BY constraint_index)) FROM duckdb_constraints()
         WHERE ${NAMED} AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')),
       (SELECT to_json(list(expressions ORDER BY index_oid)) FROM duckdb_indexes() WHERE ${NAMED} AND is_unique)`

/**
 * A table is looked up without `duckdb_columns()`, which first puts together every view of DuckDB's own: 15 ms in a
 * process that has not done it yet. Null: it is not there.
 */
export async function describeTable(
  file: DuckdbFile,
  session: DuckdbSession,
  table: TableName,
): Promise<TableFacts | null> {
  const names = [file.catalog, ...schemaAndTable(table)]
  const [entry] = await session.rows(TABLE, names)
  if (entry === undefined) return describeView(file, session, table)
  const [rowCount, ddl, indexCount] = entry
  const columns = await session.rows(`DESCRIBE ${textOf(tableIdent(file, table))}`)
  const [keys] = indexCount === '0' ? [] : await session.rows(KEYS, names)
  return {
    table,
    columns: columns.map(([column, type, nullable]) => {
      const name = column ?? ''
      const collation = collationOf(ddl ?? '', name)
      return {
        name,
        type: type ?? '',
        nullable: nullable === 'YES',
        generated: isGenerated(ddl ?? '', name),
        ...(collation === null ? {} : { collation }),
      }
    }),
    uniqueKeys: [
      ...(JSON.parse(keys?.[0] ?? '[]') as string[][]),
      ...(JSON.parse(keys?.[1] ?? '[]') as string[]).flatMap(plainColumns),
    ],
    estimatedRows: BigInt(rowCount ?? 0),
  }
}

/** A view has no size and no key. */
async function describeView(file: DuckdbFile, session: DuckdbSession, table: TableName): Promise<TableFacts | null> {
  const rows = await session.rows(VIEW, [file.catalog, ...schemaAndTable(table)])
  if (rows.length === 0) return null
  await refuseBroken(file, session, table)
  const columns = rows.map(([name, type]) => ({ name: name ?? '', type: type ?? '', nullable: true, generated: false }))
  return { table, columns, uniqueKeys: [], estimatedRows: null }
}

/** The catalog describes a view as it once was, also when what it reads is no longer there. */
async function refuseBroken(file: DuckdbFile, session: DuckdbSession, table: TableName): Promise<void> {
  try {
    await session.rows(`DESCRIBE SELECT * FROM ${textOf(tableIdent(file, table))}`)
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
    if (!/^(?:Binder|Catalog) Error/.test(message)) throw translate(error, table.join('.'), 'TM4019')
    throw new AppError('TM4108', `${table.join('.')} cannot be read: ${message}`, { cause: error })
  }
}

const nameIn = (column: string): string => `(?:^|[(, ])"?${RegExp.escape(column.replaceAll('"', '""'))}"?`

/** The catalog does not tell a column's collation. */
const collationOf = (ddl: string, column: string): string | null =>
  ddl.includes(' COLLATE ')
    ? (new RegExp(`${nameIn(column)} VARCHAR COLLATE ([A-Za-z0-9_.]+)`, 'i').exec(ddl)?.[1] ?? null)
    : null

/** Nor which columns are computed. */
const isGenerated = (ddl: string, column: string): boolean =>
  ddl.includes('GENERATED ALWAYS AS') && new RegExp(`${nameIn(column)}[^,]* GENERATED ALWAYS AS`, 'i').test(ddl)

/** `[a, "b c"]` → its columns; an index over expressions has none. */
function plainColumns(expressions: string): readonly (readonly string[])[] {
  const names = /^\[(.*)\]$/.exec(expressions)?.[1]?.split(', ') ?? []
  const plain = names.every((n) => /^(?:[A-Za-z_][A-Za-z0-9_]*|'?"[^",]+"'?)$/.test(n))
  return plain && names.length > 0 ? [names.map((n) => n.replaceAll(/^'?"|"'?$/g, ''))] : []
}

/** No view, which has no row numbers to read by. */
export async function isTable(file: DuckdbFile, session: DuckdbSession, table: TableName): Promise<boolean> {
  const rows = await session.rows(TABLE, [file.catalog, ...schemaAndTable(table)])
  return rows.length > 0
}

/**
 * A DuckDB file has no id of its own. The inode, with its time of birth because a free inode is soon used again,
 * tells it from another file under the same name; the number of its
 * checkpoints (in the two database headers at 4 KiB and 8 KiB, after an 8-byte checksum) only grows, so a smaller
 * one is an older state of the file, copied over it.
 */
export function fileIdentity(path: string): SourceIdentity {
  const stat = statSync(path, { bigint: true })
  const header = Buffer.alloc(8)
  const fd = openSync(path, 'r')
  try {
    let newest = 0n
    for (const at of [4096, 8192])
      if (readSync(fd, header, 0, 8, at + 8) === 8)
        newest = header.readBigUInt64LE() > newest ? header.readBigUInt64LE() : newest
    return { system: `duckdb:${stat.ino}-${stat.birthtimeNs}`, timeline: String(newest) }
  } finally {
    closeSync(fd)
  }
}

/** Changes whenever the file or its write-ahead log does. */
export function fileFingerprint(path: string): string {
  const part = (p: string): string => {
    const s = statSync(p, { bigint: true, throwIfNoEntry: false })
    return s && s.size > 0n ? `${s.ino}:${s.size}:${s.mtimeNs}` : '-'
  }
  return `${part(path)}/${part(`${path}.wal`)}`
}
