/** `tidemark snapshot restore`: a snapshot's rows as a file of one's own. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import type { RestoreDocument } from '@tidemark/contract/archive-documents'
import { parseScopeText } from '@tidemark/contract/flow'
import { Desk } from '../../dialects/duckdb/desk.ts'
import { imageValue, readImage } from '../../dialects/duckdb/image.sql.ts'
import { ident, joined, type Sql, sql, textLiteral } from '../../dialects/sql-text.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type AppContext, limitsOf } from '../app-context.ts'
import { countJson } from '../run-json.ts'
import { type Readable, readables } from './readable.ts'

type Format = RestoreDocument['format']

const BY_EXTENSION: Readonly<Record<string, Format>> = { '.parquet': 'parquet', '.csv': 'csv', '.json': 'json' }
const WRITTEN_AS: Readonly<Record<Exclude<Format, 'parquet'>, Sql>> = {
  csv: sql`FORMAT csv, HEADER`,
  json: sql`FORMAT json, ARRAY`,
}

export interface RestoreOptions {
  readonly snapshot: string
  /** absolute: a new file, of the format that its name ends in */
  readonly to: string
}

export async function restoreSnapshot(ctx: AppContext, options: RestoreOptions): Promise<RestoreDocument> {
  const file = options.to
  const format = BY_EXTENSION[extname(file).toLowerCase()]
  if (format === undefined)
    throw new AppError('TM1002', `--to ends in ${Object.keys(BY_EXTENSION).join(', ')}, and not ${options.to}`)
  const found = (await readables(ctx, null)).find(({ snapshot }) => snapshot === options.snapshot)
  if (found === undefined) throw new AppError('TM1005', options.snapshot)
  if (existsSync(file)) throw new AppError('TM6206', file)

  using image = await found.open()
  mkdirSync(dirname(file), { recursive: true })
  const part = `${file}.part`
  try {
    await using desk = await Desk.open(`snapshot ${found.snapshot}`, limitsOf(ctx))
    // byte by byte: what Parquet has no type for is text in it
    if (format === 'parquet') copyFileSync(image.path, part)
    else await write(desk, found, image.path, part, format)
    const rows = await desk.count(sql`SELECT num_rows FROM parquet_file_metadata(${textLiteral(image.path)})`)
    renameSync(part, file)
    const { snapshot, flow, scope, takenAt, from } = found
    return {
      snapshot,
      flow,
      scope: { ...parseScopeText(scope) },
      taken_at: takenAt,
      from,
      file,
      format,
      rows: countJson(rows),
    }
  } finally {
    rmSync(part, { force: true })
  }
}

async function write(
  desk: Desk,
  { columns }: Readable,
  image: string,
  part: string,
  format: Exclude<Format, 'parquet'>,
): Promise<void> {
  using _room = await desk.room(columns.length)
  const values = columns.map((column) => sql`${imageValue('i', column)} AS ${ident(column.name)}`)
  await desk.exec(
    sql`COPY (SELECT ${joined(values, ', ')} FROM ${readImage(image)} AS i) TO ${textLiteral(part)} (${WRITTEN_AS[format]})`,
  )
}
