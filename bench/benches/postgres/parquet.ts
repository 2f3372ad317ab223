/** PostgreSQL → a new folder of Parquet files, and a Parquet file → PostgreSQL, against COPY csv and DuckDB by hand. */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { openWarm, type ProjectText, runFlow, writeProject } from '../../bench-project.ts'
import { alternately, measure, type Measured, secondsOf } from '../../child-task.ts'
import { inFile } from '../../duckdb-file.ts'
import { makeOrders, ORDER_COLUMNS } from '../../order-table.ts'
import { withDatabases } from '../../postgres/bench-server.ts'
import { ordersTable } from '../../postgres/orders.ts'
import { countOrders, inPublic, makeSource, postgres, WARM_ROWS } from '../../postgres/postgres-project.ts'
import { copyFromFile, copyToFile } from '../../postgres/psql.ts'
import { quoted, timedSession } from '../../reference-session.ts'
import { type BenchContext, type Result, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'

const RUNS = 5
const FILE = import.meta.filename

interface ParquetTask {
  readonly dir: string
  /** the database, at whichever end */
  readonly url: string
  /** the folder of files, at the other one */
  readonly files: string
  readonly rows: number
  readonly memory: string | null
}

export const pgToParquet = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabases(ctx, async (databases) => {
    const task = taskOf(ctx, databases.source, 'lake')
    ctx.say(`  making ${task.rows} rows`)
    makeSource(databases.source, task.rows, 'bigint')
    const side = (name: string) => async (): Promise<Measured> => {
      rmSync(task.files, { recursive: true, force: true })
      mkdirSync(task.files)
      databases.settle()
      return await measure(FILE, name, task)
    }
    const m = await alternately(runsOf(RUNS, ctx), side('toParquet'), side('toParquetByHand'), ctx.say)
    return [secondsOf('pg-to-parquet', m.ours, m.reference)]
  })

export const parquetToPg = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabases(ctx, async (databases) => {
    const task = taskOf(ctx, databases.target, 'inbox')
    ctx.say(`  making ${task.rows} rows`)
    mkdirSync(task.files)
    await makeFile(task.files, 'orders', task.rows)
    await makeFile(task.files, 'warm', WARM_ROWS)
    const side = (name: string) => async (): Promise<Measured> => {
      databases.emptyTarget(ordersTable('bigint'))
      const measured = await measure(FILE, name, task)
      expectRows(task.rows, countOrders(task.url))
      return measured
    }
    const m = await alternately(runsOf(RUNS, ctx), side('fromParquet'), side('fromParquetByHand'), ctx.say)
    return [secondsOf('parquet-to-pg', m.ours, m.reference)]
  })

const taskOf = (ctx: BenchContext, url: string, folder: string): ParquetTask => ({
  dir: path.join(ctx.dir, 'project'),
  url,
  files: path.join(ctx.dir, folder),
  rows: rows(5_000_000, ctx),
  memory: ctx.memory,
})

const makeFile = (folder: string, name: string, n: number): Promise<void> =>
  inFile(':memory:', async (db) => {
    await makeOrders(db, n)
    await db.run(`COPY orders TO ${quoted(folder, `${name}.parquet`)} (FORMAT parquet, COMPRESSION zstd)`)
  })

function expectRows(wanted: number, there: number | string): void {
  if (Number(there) !== wanted) throw new Error(`${there} rows arrived of ${wanted}`)
}

/** In a child: from plan to settle. */
export const toParquet = (given: unknown): Promise<number> =>
  ours(given as ParquetTask, (database, files) => ({
    connections: { database, files },
    orders: { source: inPublic('database', 'orders'), target: { connection: 'files', table: 'orders' } },
    warm: { source: inPublic('database', 'warm'), target: { connection: 'files', table: 'warmed' } },
  }))

/** In a child: from plan to settle. */
export const fromParquet = (given: unknown): Promise<number> =>
  ours(given as ParquetTask, (database, files) => ({
    connections: { database, files },
    orders: { source: { connection: 'files', table: 'orders.parquet' }, target: inPublic('database', 'orders') },
    warm: { source: { connection: 'files', table: 'warm.parquet' }, target: inPublic('database', 'warmed') },
  }))

async function ours(
  task: ParquetTask,
  ends: (database: string, files: string) => Omit<ProjectText, 'capture' | 'apply' | 'memory'>,
): Promise<number> {
  const { dir, memory } = task
  const text = ends(postgres(task.url), `{ kind: files, path: ${JSON.stringify(task.files)} }`)
  writeProject(dir, { ...text, capture: 'backfill', apply: 'insert-missing', memory })
  await using app = await openWarm(dir)
  return await seconds(async () => {
    const run = await runFlow(app, 'bench.orders')
    expectRows(task.rows, run.rows.inserted)
  })
}

/** In a child: COPY to a CSV file, then read_csv with every type named. */
export const toParquetByHand = (given: unknown): Promise<number> =>
  byHand(given as ParquetTask, async (db, task, csv) => {
    const { url, files } = task
    await copyToFile({ url, copyToStdout: 'COPY orders TO STDOUT (FORMAT csv)' }, csv)
    const to = quoted(files, 'orders.parquet')
    await db.run(`COPY (SELECT * FROM ${readCsv(csv)}) TO ${to} (FORMAT parquet, COMPRESSION zstd)`)
  })

/** In a child: DuckDB writes a CSV file, COPY reads it. */
export const fromParquetByHand = (given: unknown): Promise<number> =>
  byHand(given as ParquetTask, async (db, { url, files }, csv) => {
    const from = `read_parquet(${quoted(files, 'orders.parquet')})`
    await db.run(`COPY (SELECT * FROM ${from}) TO ${quoted(csv)} (FORMAT csv, HEADER false)`)
    await copyFromFile(csv, { url, statements: ['COPY orders FROM STDIN (FORMAT csv)'] })
  })

type ByHand = (db: Parameters<Parameters<typeof timedSession>[1]>[0], task: ParquetTask, csv: string) => Promise<void>

async function byHand(task: ParquetTask, work: ByHand): Promise<number> {
  const csv = path.join(task.dir, '..', 'by-hand.csv')
  try {
    return await timedSession(task.dir, (db) => seconds(() => work(db, task, csv)))
  } finally {
    rmSync(csv, { force: true })
  }
}

/** Nothing is guessed, and NULL (nothing) is not the empty text (two quotes). */
const readCsv = (csv: string): string =>
  `read_csv(${quoted(csv)}, auto_detect=false, header=false, delim=',', quote='"', escape='"', nullstr='',
     allow_quoted_nulls=false, columns={${ORDER_COLUMNS.split(/,\s+/)
       .map((column) => column.split(' '))
       .map(([name, type]) => `'${name}': '${type}'`)
       .join(', ')}})`
