/** `tidemark snapshot restore`: a snapshot's rows as a file of one's own, or as a new table. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import type { RestoreDocument } from '@tidemark/contract/archive-documents'
import { parseScopeText } from '@tidemark/contract/flow'
import { formatTableName, parseTableName } from '@tidemark/contract/table-name'
import { Desk } from '../../dialects/duckdb/desk.ts'
import { imageValue, readImage } from '../../dialects/duckdb/image.sql.ts'
import { leavingImage } from '../../dialects/duckdb/leaving-image.ts'
import { ident, joined, type Sql, sql, textLiteral } from '../../dialects/sql-text.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type AppContext, connectionOf, limitsOf } from '../app-context.ts'
import { countJson } from '../run-json.ts'
import { type Readable, readables } from './readable.ts'

type Format = NonNullable<RestoreDocument['format']>

const BY_EXTENSION: Readonly<Record<string, Format>> = { '.parquet': 'parquet', '.csv': 'csv', '.json': 'json' }
const WRITTEN_AS: Readonly<Record<Exclude<Format, 'parquet'>, Sql>> = {
  csv: sql`FORMAT csv, HEADER`,
  json: sql`FORMAT json, ARRAY`,
}

export interface RestoreOptions {
  readonly snapshot: string
  readonly to:
    | {
        /** absolute: a new file, of the format that its name ends in */
        readonly file: string
      }
    | { readonly connection: string; readonly table: string }
}

/** Where rows go, once it is known to be free. */
type Destination = Pick<RestoreDocument, 'file' | 'format' | 'table'> & {
  readonly write: (image: string) => Promise<void>
}

export async function restoreSnapshot(ctx: AppContext, options: RestoreOptions): Promise<RestoreDocument> {
  const { to } = options
  const format = 'file' in to ? formatOf(to.file) : null
  const found = (await readables(ctx, null)).find(({ snapshot }) => snapshot === options.snapshot)
  if (found === undefined) throw new AppError('TM1005', options.snapshot)
  const { write, ...into } =
    'file' in to ? intoFile(ctx, found, to.file, format ?? 'parquet') : await intoTable(ctx, found, to)
  using image = await found.open()
  await write(image.path)
  await using desk = await Desk.open(`snapshot ${found.snapshot}`, limitsOf(ctx))
  const rows = await desk.count(sql`SELECT num_rows FROM parquet_file_metadata(${textLiteral(image.path)})`)
  const { snapshot, flow, scope, takenAt, from } = found
  return {
    snapshot,
    flow,
    scope: { ...parseScopeText(scope) },
    taken_at: takenAt,
    from,
    ...into,
    rows: countJson(rows),
  }
}

function formatOf(file: string): Format {
  const format = BY_EXTENSION[extname(file).toLowerCase()]
  if (format !== undefined) return format
  throw new AppError('TM1002', `--to ends in ${Object.keys(BY_EXTENSION).join(', ')}, and not ${file}`)
}

function intoFile(ctx: AppContext, found: Readable, file: string, format: Format): Destination {
  if (existsSync(file)) throw new AppError('TM6206', file)
  return {
    file,
    format,
    table: null,
    write: async (image) => {
      mkdirSync(dirname(file), { recursive: true })
      const part = `${file}.part`
      try {
        // byte by byte: what Parquet has no type for is text in it
        if (format === 'parquet') copyFileSync(image, part)
        else await copyTo(ctx, found, image, part, format)
        renameSync(part, file)
      } finally {
        rmSync(part, { force: true })
      }
    },
  }
}

async function copyTo(
  ctx: AppContext,
  { columns, snapshot }: Readable,
  image: string,
  part: string,
  format: Exclude<Format, 'parquet'>,
): Promise<void> {
  await using desk = await Desk.open(`snapshot ${snapshot}`, limitsOf(ctx))
  using _room = await desk.room(columns.length)
  const values = columns.map((column) => sql`${imageValue('i', column)} AS ${ident(column.name)}`)
  await desk.exec(
    sql`COPY (SELECT ${joined(values, ', ')} FROM ${readImage(image)} AS i) TO ${textLiteral(part)} (${WRITTEN_AS[format]})`,
  )
}

async function intoTable(
  ctx: AppContext,
  { columns }: Readable,
  to: { readonly connection: string; readonly table: string },
): Promise<Destination> {
  const { target, kind } = await connectionOf(ctx, await ctx.catalog('read'), to.connection)
  const { newTable } = await ctx.loadDialect(kind)
  if (newTable === undefined)
    throw new AppError('TM1017', `a snapshot restored into a ${kind} connection`, {
      remedy: ['restore it to a .parquet file in the folder of a files connection, and run a flow from there'],
    })
  const table = tableOf(to.table)
  return {
    file: null,
    format: null,
    table: { connection: to.connection, name: formatTableName(table) },
    write: (path) => newTable(target, table, leavingImage(path, columns, limitsOf(ctx))),
  }
}

function tableOf(text: string): ReturnType<typeof parseTableName> {
  try {
    return parseTableName(text)
  } catch (error) {
    if (error instanceof TypeError) throw new AppError('TM1002', `--table ${error.message}`, { cause: error })
    throw error
  }
}
