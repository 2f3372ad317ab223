/** DuckDB file → new DuckDB file, and Parquet file → new DuckDB file, against one plain INSERT … SELECT. */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { runFlow } from '../bench-project.ts'
import { alternately, measure, secondsOf } from '../child-task.ts'
import { inFile } from '../duckdb-file.ts'
import { type DuckdbFlow, openWarmDuckdb, writeDuckdbProject } from '../duckdb-project.ts'
import { makeOrders, ORDER_COLUMNS } from '../order-table.ts'
import { quoted, timedSession } from '../reference-session.ts'
import { type BenchContext, type Result, rows, runsOf } from '../result.ts'
import { seconds } from '../seconds.ts'

const RUNS = 3
/** a measurement takes so many rows at least, in loads one after the other: a smaller one takes less than five seconds */
const ROWS = 10_000_000
const FILE = import.meta.filename

export interface BackfillTask {
  readonly dir: string
  /** YAML of the source's connection, and its table */
  readonly from: string
  readonly table: string
  /** the reference's source: statements before, relation */
  readonly attach: string | null
  readonly relation: string
  readonly rows: number
  /** loads of a measurement, each into a new target; left out: one */
  readonly loads?: number
  readonly memory: string | null
}

export const pushdownBackfill =
  (name: string, millions: number) =>
  async (ctx: BenchContext): Promise<readonly Result[]> => {
    const n = rows(millions * 1_000_000, ctx)
    const source = path.join(ctx.dir, 'source.duckdb')
    ctx.say(`  making ${n} rows`)
    await inFile(source, (db) => makeOrders(db, n))
    return compareBackfill(name, ctx, {
      dir: path.join(ctx.dir, 'project'),
      from: `{ kind: duckdb, path: ${JSON.stringify(source)} }`,
      table: 'orders',
      attach: `ATTACH ${quoted(source)} AS s (READ_ONLY)`,
      relation: 's.orders',
      rows: n,
      memory: ctx.memory,
    })
  }

export async function compareBackfill(name: string, ctx: BenchContext, once: BackfillTask): Promise<readonly Result[]> {
  const task = { ...once, loads: Math.max(1, Math.round((ROWS * ctx.scale) / once.rows)) }
  const m = await alternately(
    runsOf(RUNS, ctx),
    () => measure(FILE, 'ours', task),
    () => measure(FILE, 'reference', task),
    ctx.say,
  )
  return [secondsOf(name, m.ours, m.reference)]
}

const flowOf = ({ from, table, memory }: BackfillTask): DuckdbFlow => ({
  from,
  table,
  capture: 'backfill',
  apply: 'insert-missing',
  memory,
})

/** In a child: from plan to settle. */
export const ours = (given: unknown): Promise<number> => eachLoad(given as BackfillTask, oursOnce)

/** In a child: what a person would type, open and close of the files included. */
export const reference = (given: unknown): Promise<number> => eachLoad(given as BackfillTask, referenceOnce)

async function eachLoad(task: BackfillTask, load: (task: BackfillTask) => Promise<number>): Promise<number> {
  let sum = 0
  for (let n = 0; n < (task.loads ?? 1); n++) sum += await load(task)
  return sum
}

async function oursOnce(task: BackfillTask): Promise<number> {
  writeDuckdbProject(task.dir, flowOf(task))
  await using app = await openWarmDuckdb(task.dir)
  return await seconds(async () => {
    const run = await runFlow(app, 'bench.orders')
    if (run.rows.inserted !== task.rows) throw new Error(`${run.rows.inserted} rows arrived of ${task.rows}`)
  })
}

async function referenceOnce(task: BackfillTask): Promise<number> {
  writeDuckdbProject(task.dir, flowOf(task))
  const target = path.join(task.dir, 'reference.duckdb')
  mkdirSync(task.dir, { recursive: true })
  try {
    return await timedSession(task.dir, (db) =>
      seconds(async () => {
        if (task.attach !== null) await db.run(task.attach)
        await db.run(`ATTACH ${quoted(target)} AS t`)
        await db.run('BEGIN')
        await db.run(`CREATE TABLE t.orders (${ORDER_COLUMNS})`)
        await db.run(`INSERT INTO t.orders SELECT * FROM ${task.relation}`)
        await db.run('COMMIT')
        await db.run('DETACH t') // checkpoints
        if (task.attach !== null) await db.run('DETACH s')
      }),
    )
  } finally {
    rmSync(target, { force: true })
  }
}
