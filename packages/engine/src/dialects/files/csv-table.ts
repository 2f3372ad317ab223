/** The CSV files of one table: how they are written, which columns they have, of which types. */
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { ColumnFacts, WantedTypes } from '../contract.ts'
import { query } from '../duckdb/run-sql.ts'
import { holderOf } from '../duckdb/types.ts'
import { heldAbroad } from '../foreign-types.ts'
import { catalogText, ident, joined, type Sql, sql, textLiteral } from '../sql-text.ts'
import { type CsvType, findBadValue, findTypes, foundTypes, valueOf } from './csv-value.sql.ts'
import type { CsvOptions } from './options.ts'
import type { PinnedFile, PinnedTable } from './pinned-files.ts'
import { type CsvDialect, flag, pathList, readCsv } from './read-files.sql.ts'

/** Files whose columns stand in one order and which are written alike. */
interface CsvGroup {
  readonly files: readonly PinnedFile[]
  readonly dialect: CsvDialect
  readonly columns: readonly string[]
}

export interface CsvTable {
  readonly columns: readonly ColumnFacts[]
  readonly from: Sql
  /** where the first text is that is no value of its column, or the first line that is no row; null: all are */
  explain(session: DuckdbSession): Promise<AppError | null>
}

export async function lookAtCsv(
  session: DuckdbSession,
  table: PinnedTable,
  o: CsvOptions,
  wanted: WantedTypes | null,
): Promise<CsvTable> {
  const groups = await groupsOf(session, table, o)
  const names = groups[0]?.columns ?? []
  const types = await typesOf(session, table, groups, names, o, wanted)
  const parts = groups.map(
    (g) =>
      sql`SELECT ${joined(
        names.map((n) => sql`${valueOf(types[n] ?? 'VARCHAR', ident(n), o)} AS ${ident(n)}`),
        ', ',
      )} FROM ${readCsv(g.files, g.dialect, g.columns)}`,
  )
  return {
    columns: names.map((name) => ({ name, type: types[name] ?? 'VARCHAR', nullable: true, generated: false })),
    from: sql`(${joined(parts, '\nUNION ALL\n')})`,
    explain: (s) => explain(s, groups, types, o),
  }
}

/** Throws TM2007 where the headers of two files differ by more than their order. */
async function groupsOf(session: DuckdbSession, table: PinnedTable, o: CsvOptions): Promise<readonly CsvGroup[]> {
  const groups = new Map<string, { files: PinnedFile[]; dialect: CsvDialect; columns: readonly string[] }>()
  let first: { readonly path: string; readonly columns: readonly string[] } | null = null
  for (const file of table.files) {
    const { delimiter, columns } = await headerOf(session, file, o)
    first ??= { path: file.path, columns }
    const lacks = first.columns.find((c) => !columns.includes(c))
    const more = columns.find((c) => !first?.columns.includes(c))
    if (lacks !== undefined) throw new AppError('TM2007', `${file.path} has no column ${lacks}, ${first.path} has`)
    if (more !== undefined) throw new AppError('TM2007', `${file.path} has a column ${more}, ${first.path} has not`)
    const kind = JSON.stringify([delimiter, columns])
    const group = groups.get(kind) ?? { files: [], dialect: { ...o, delimiter }, columns }
    group.files.push(file)
    groups.set(kind, group)
  }
  return [...groups.values()]
}

async function headerOf(
  session: DuckdbSession,
  file: PinnedFile,
  o: CsvOptions,
): Promise<{ readonly delimiter: string; readonly columns: readonly string[] }> {
  if (file.size === 0n) throw new AppError('TM2008', `${file.path} is empty: it has not even a header`)
  const delim = o.delimiter === null ? sql`` : sql`, delim = ${textLiteral(o.delimiter)}`
  const [row] = await query(
    session,
    sql`SELECT Delimiter, CAST(to_json(list_transform(Columns, lambda c: c.name)) AS VARCHAR) FROM sniff_csv(${pathList([file])}[1], header = ${flag(o.header)}, quote = ${textLiteral(o.quote)}, escape = ${textLiteral(o.escape)}, all_varchar = TRUE, strict_mode = TRUE, ignore_errors = TRUE, skip = 0, encoding = ${textLiteral(o.encoding)}${delim})`,
    file.path,
    'TM2008',
  )
  const names = JSON.parse(row?.[1] ?? '[]') as readonly string[]
  const declared = Object.keys(o.columns)
  if (!o.header && declared.length > 0 && declared.length !== names.length)
    throw new AppError('TM2007', `${file.path} has ${names.length} columns, csv.columns names ${declared.length}`)
  return { delimiter: o.delimiter ?? row?.[0] ?? ',', columns: o.header || declared.length === 0 ? names : declared }
}

/** By DuckDB's names; those that it has no type for are found out. */
function wantedTypes(wanted: WantedTypes | null): readonly (readonly [name: string, type: string])[] {
  const { types = {}, meaning } = wanted ?? {}
  return Object.entries(types).flatMap(([name, type]) => {
    if (meaning === undefined) return [[name, type] as const]
    const held = heldAbroad(meaning, type, holderOf)
    return held.type === null ? [] : [[name, held.type] as const]
  })
}

/** Declared, else as the target has them, else found out from every value of every file. */
async function typesOf(
  session: DuckdbSession,
  table: PinnedTable,
  groups: readonly CsvGroup[],
  names: readonly string[],
  o: CsvOptions,
  wanted: WantedTypes | null,
): Promise<Readonly<Record<string, CsvType>>> {
  const declared = await canonicalTypes(session, o.columns)
  const given = new Map<string, CsvType>()
  for (const [name, type] of [...wantedTypes(wanted), ...Object.entries(declared)]) given.set(name.toLowerCase(), type)
  const open = names.filter((n) => !given.has(n.toLowerCase()))
  const found: Record<string, CsvType> = {}
  if (open.length > 0 && (wanted?.others ?? 'found') === 'found') {
    const texts = groups.map(
      (g) =>
        sql`SELECT ${joined(
          open.map((n) => ident(n)),
          ', ',
        )} FROM ${readCsv(g.files, g.dialect, g.columns)}`,
    )
    try {
      const [row] = await query(
        session,
        findTypes(sql`(${joined(texts, '\nUNION ALL\n')})`, open, o),
        table.text,
        'TM2008',
      )
      Object.assign(found, foundTypes(row ?? [], open))
    } catch (error) {
      throw (await explain(session, groups, {}, o)) ?? error
    }
  }
  return Object.fromEntries(names.map((n) => [n, given.get(n.toLowerCase()) ?? found[n] ?? 'VARCHAR']))
}

/** `bigint` → `BIGINT`, as the catalog prints it. */
async function canonicalTypes(
  session: DuckdbSession,
  types: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, CsvType>>> {
  const out: Record<string, CsvType> = {}
  for (const [name, type] of Object.entries(types)) {
    // the grammar lets nothing through but the name of a type
    const [row] = await query(
      session,
      sql`SELECT typeof(CAST(NULL AS ${catalogText(type)}))`,
      `csv.columns ${name}`,
      'TM4019',
    )
    out[name] = row?.[0] ?? 'VARCHAR'
  }
  return out
}

async function explain(
  session: DuckdbSession,
  groups: readonly CsvGroup[],
  types: Readonly<Record<string, CsvType>>,
  o: CsvOptions,
): Promise<AppError | null> {
  for (const g of groups)
    for (const file of g.files) {
      const broken = await brokenLine(session, file, g)
      if (broken !== null) return broken
      const typed = Object.fromEntries(Object.entries(types).filter(([, type]) => type !== 'VARCHAR'))
      if (Object.keys(typed).length === 0) continue
      const [row] = await query(
        session,
        findBadValue(readCsv([file], g.dialect, g.columns), typed, o),
        file.path,
        'TM2008',
      )
      if (!row) continue
      const [n, column, value] = row
      const line = BigInt(n ?? '0') + (o.header ? 1n : 0n)
      return new AppError(
        'TM2009',
        `${file.path} line ${line}, ${column}: "${value}" is no ${types[column ?? ''] ?? ''}`,
      )
    }
  return null
}

/** DuckDB keeps what it cannot read as rows in two tables of the session, when told to. */
async function brokenLine(session: DuckdbSession, file: PinnedFile, g: CsvGroup): Promise<AppError | null> {
  const tables = ['tidemark_broken', 'tidemark_broken_scan'] as const
  const drop = async (): Promise<void> => {
    for (const name of tables)
      await query(session, sql`DROP TABLE IF EXISTS ${ident('temp', 'main', name)}`, file.path, 'TM2008')
  }
  await drop()
  const keeping = readCsv(
    [file],
    g.dialect,
    g.columns,
    sql`, store_rejects = TRUE, rejects_limit = 1, rejects_table = ${textLiteral(tables[0])}, rejects_scan = ${textLiteral(tables[1])}`,
  )
  await query(session, sql`SELECT count(COLUMNS(*)) FROM ${keeping}`, file.path, 'TM2008')
  const [row] = await query(
    session,
    sql`SELECT line, error_message, left(csv_line, 60) FROM ${ident('temp', 'main', tables[0])} ORDER BY line LIMIT 1`,
    file.path,
    'TM2008',
  )
  await drop()
  return row ? new AppError('TM2008', `${file.path} line ${row[0]}: ${row[1]}   ${row[2]}`) : null
}
