/** What is in an attached DuckDB file. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import type { DuckdbFile, DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import { translate } from './errors.ts'
import type { SourceIdentity, TableFacts } from '../contract.ts'
import { ident, type Sql, textOf } from '../sql-text.ts'

/** `[table]`, `[schema, table]`: DuckDB's default schema is `main`. */
export function schemaAndTable(table: TableName): readonly [string, string] {
  const [a, b] = table
  if (table.length === 1 && a !== undefined) return ['main', a]
  if (table.length === 2 && a !== undefined && b !== undefined) return [a, b]
  throw new AppError('TM4001', `${table.join('.')}: a DuckDB table is named table or schema.table`)
}

export const tableIdent = (file: DuckdbFile, table: TableName): Sql => ident(file.catalog, ...schemaAndTable(table))

/**
 * DuckDB's names are one name whatever their case. One statement: each function of the catalog looks into every
 * attached file. Which columns are generated is told by the DDL alone.
 */
const DESCRIBE = `
SELECT c.column_name, c.data_type, c.is_nullable, t.estimated_size,
       coalesce(contains(t.sql, 'GENERATED ALWAYS AS') AND regexp_matches(t.sql,
         '(?i)(^|[(, ])"?' || regexp_escape(replace(c.column_name, '"', '""')) || '"?[^,]* GENERATED ALWAYS AS'), FALSE),
       (SELECT to_json(list(u.constraint_column_names ORDER BY u.constraint_index)) FROM duckdb_constraints() u
         WHERE u.database_name = ?1 AND lower(u.schema_name) = lower(?2) AND lower(u.table_name) = lower(?3)
           AND u.constraint_type IN ('PRIMARY KEY', 'UNIQUE')),
       (SELECT to_json(list(i.expressions ORDER BY i.index_oid)) FROM duckdb_indexes() i
         WHERE i.database_name = ?1 AND lower(i.schema_name) = lower(?2) AND lower(i.table_name) = lower(?3) AND i.is_unique),
       CASE WHEN contains(t.sql, ' COLLATE ') THEN t.sql END
  FROM duckdb_columns() c LEFT JOIN duckdb_tables() t USING (database_name, schema_name, table_name)
 WHERE c.database_name = ?1 AND lower(c.schema_name) = lower(?2) AND lower(c.table_name) = lower(?3)
 ORDER BY c.column_index`

export async function describeTable(
  file: DuckdbFile,
  session: DuckdbSession,
  table: TableName,
): Promise<TableFacts | null> {
  const rows = await session.rows(DESCRIBE, [file.catalog, ...schemaAndTable(table)])
  const [first] = rows
  if (first === undefined) return null
  const [, , , estimatedSize, , uniqueKeys, uniqueIndexes, collatedDdl] = first
  // a view has no size
  if (estimatedSize == null) await refuseBroken(file, session, table)
  return {
    table,
    columns: rows.map(([name, type, nullable, , generated]) => {
      const collation = collationOf(collatedDdl ?? '', name ?? '')
      return {
        name: name ?? '',
        type: type ?? '',
        nullable: nullable === 'true',
        generated: generated === 'true',
        ...(collation === null ? {} : { collation }),
      }
    }),
    uniqueKeys: [
      ...(JSON.parse(uniqueKeys ?? '[]') as string[][]),
      ...(JSON.parse(uniqueIndexes ?? '[]') as string[]).flatMap(plainColumns),
    ],
    estimatedRows: estimatedSize == null ? null : BigInt(estimatedSize),
  }
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

/** The catalog does not tell a column's collation. */
function collationOf(ddl: string, column: string): string | null {
  const name = `"?${RegExp.escape(column.replaceAll('"', '""'))}"?`
  return new RegExp(`[(, ]${name} VARCHAR COLLATE ([A-Za-z0-9_.]+)`, 'i').exec(ddl)?.[1] ?? null
}

/** `[a, "b c"]` → its columns; an index over expressions has none. */
function plainColumns(expressions: string): readonly (readonly string[])[] {
  const names = /^\[(.*)\]$/.exec(expressions)?.[1]?.split(', ') ?? []
  const plain = names.every((n) => /^(?:[A-Za-z_][A-Za-z0-9_]*|'?"[^",]+"'?)$/.test(n))
  return plain && names.length > 0 ? [names.map((n) => n.replaceAll(/^'?"|"'?$/g, ''))] : []
}

/** A view has no row numbers to read by. */
export async function hasRowIds(file: DuckdbFile, session: DuckdbSession, table: TableName): Promise<boolean> {
  const rows = await session.rows(
    'SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)',
    [file.catalog, ...schemaAndTable(table)],
  )
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
