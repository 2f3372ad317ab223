/** A Parquet file → new DuckDB file, against INSERT … SELECT FROM read_parquet. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { loadDialect } from '../../packages/engine/src/dialects/registry.ts'
import { AppError } from '../../packages/engine/src/runtime/app-error.ts'
import { inFile } from '../duckdb-file.ts'
import { makeOrders } from '../order-table.ts'
import { quoted } from '../reference-session.ts'
import { type BenchContext, type Result, rows, Skipped } from '../result.ts'
import { compareBackfill } from './backfill.ts'

export async function spool(ctx: BenchContext): Promise<readonly Result[]> {
  await refuseWithoutFiles()
  const n = rows(5_000_000, ctx)
  const inbox = path.join(ctx.dir, 'inbox')
  const file = path.join(inbox, 'orders.parquet')
  mkdirSync(inbox)
  ctx.say(`  making ${n} rows`)
  await inFile(path.join(ctx.dir, 'source.duckdb'), async (db) => {
    await makeOrders(db, n)
    await db.run(`COPY orders TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd)`)
  })
  return compareBackfill('spool-5m', ctx, {
    dir: path.join(ctx.dir, 'project'),
    from: `{ kind: files, path: ${JSON.stringify(inbox)} }`,
    table: 'orders.parquet',
    attach: null,
    relation: `read_parquet(${quoted(file)})`,
    rows: n,
    memory: ctx.memory,
  })
}

async function refuseWithoutFiles(): Promise<void> {
  try {
    await loadDialect('files')
  } catch (error) {
    if (error instanceof AppError && error.code === 'TM1017') throw new Skipped(error.message)
    throw error
  }
}
