/** A Parquet file into an empty table with its primary key: by a run, against bulk loads by the client alone. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DEFAULT_WORKERS } from '../../../packages/engine/src/app/default-workers.ts'
import { openWarm, runFlow, writeProject } from '../../bench-project.ts'
import { alternately, measure, type Measured, secondsOf } from '../../child-task.ts'
import { inFile } from '../../duckdb-file.ts'
import { quoted, timedSession } from '../../reference-session.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'
import { type Database, withDatabase } from '../../sqlserver/bench-server.ts'
import { ORDERS_IN_DUCKDB, tableForFile } from '../../sqlserver/orders.ts'
import { loadFile } from '../../sqlserver/plain-tedious.ts'

const RUNS = 3
const WARM_ROWS = 1_000
const FILE = import.meta.filename
/** as many workers as a command has */
const HOW = { batchRows: 100_000, parallel: DEFAULT_WORKERS }

interface WriteTask {
  readonly database: Database
  readonly dir: string
  /** the folder of files */
  readonly files: string
  readonly table: string
  readonly rows: number
  readonly memory: string | null
}

export const write = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabase(async (database, admin) => {
    const files = path.join(ctx.dir, 'inbox')
    mkdirSync(files)
    await makeFile(files, 'warm', WARM_ROWS)
    const taskOf = async (millions: number): Promise<WriteTask> => {
      const table = `orders_${millions}m`
      const n = rows(millions * 1_000_000, ctx)
      ctx.say(`  making ${n} rows`)
      await makeFile(files, table, n)
      return { database, dir: path.join(ctx.dir, 'project'), files, table, rows: n, memory: ctx.memory }
    }
    const [ten, one] = [await taskOf(10), await taskOf(1)]
    const side = (name: string, task: WriteTask) => async (): Promise<Measured> => {
      await admin.script(`DROP TABLE IF EXISTS ${task.table}; ${tableForFile(task.table)}`)
      const measured = await measure(FILE, name, task)
      const [row] = await admin.rows(`SELECT COUNT_BIG(*) FROM ${task.table}`)
      if (row?.[0] !== String(task.rows)) throw new Error(`${name}: ${row?.[0]} rows arrived of ${task.rows}`)
      return measured
    }
    const runs = runsOf(RUNS, ctx)
    const m = await alternately(runs, side('ours', ten), side('reference', ten), ctx.say)
    const small: number[] = []
    for (let n = 0; n < runs; n++) small.push((await side('ours', one)()).rssMb)
    const large = m.ours.map(({ rssMb }) => rssMb)
    return [
      secondsOf('write-10m', m.ours, m.reference),
      resultOf('write-memory', 'MB', large, small, Math.max(...large, ...small)),
    ]
  })

const makeFile = (folder: string, name: string, n: number): Promise<void> =>
  inFile(':memory:', async (db) => {
    await db.run(
      `COPY (${ORDERS_IN_DUCKDB(n)}) TO ${quoted(folder, `${name}.parquet`)} (FORMAT parquet, COMPRESSION zstd)`,
    )
  })

/** In a child: from plan to settle. */
export async function ours(given: unknown): Promise<number> {
  const { database, dir, files, table, rows: expected, memory } = given as WriteTask
  const url = path.join(files, 'url')
  writeFileSync(url, database.url)
  const fromFile = (name: string) => ({ connection: 'files', table: `${name}.parquet` })
  const into = (name: string) => ({ connection: 'office', table: `dbo.${name}` })
  writeProject(dir, {
    connections: {
      office: `{ kind: sqlserver, url: "file:${url}", database: ${database.name} }`,
      files: `{ kind: files, path: ${JSON.stringify(files)} }`,
    },
    orders: { source: fromFile(table), target: into(table) },
    warm: { source: fromFile('warm'), target: into('warmed') },
    capture: 'backfill',
    apply: 'insert-missing',
    memory,
  })
  await using app = await openWarm(dir, HOW)
  return await seconds(async () => {
    const run = await runFlow(app, 'bench.orders', HOW)
    if (run.rows.inserted !== expected) throw new Error(`${run.rows.inserted} rows were inserted of ${expected}`)
  })
}

const TEXTS = ['code', 'customer', 'note', 'city'].map((name) => ({ name, cast: '?' }))
const COLUMNS = [
  { name: 'id', cast: 'CAST(? AS bigint)' },
  ...TEXTS,
  { name: 'reference', cast: 'CAST(? AS uniqueidentifier)' },
  { name: 'amount', cast: 'CAST(? AS decimal(18,4))' },
  { name: 'modified_on', cast: 'CONVERT(datetime2(6), ?, 121)' },
  { name: 'active', cast: 'CAST(? AS bit)' },
]

/** In a child: DuckDB writes a file with a tab between values, which needs no marks, and the client loads it. */
export async function reference(given: unknown): Promise<number> {
  const { database, dir, files, table } = given as WriteTask
  const file = path.join(files, 'by-hand.tsv')
  try {
    return await timedSession(dir, (db) =>
      seconds(async () => {
        const from = `read_parquet(${quoted(files, `${table}.parquet`)})`
        await db.run(`COPY (SELECT * FROM ${from}) TO ${quoted(file)} (FORMAT csv, HEADER false, DELIM '\t', QUOTE '')`)
        await loadFile(database, file, COLUMNS, table)
      }),
    )
  } finally {
    rmSync(file, { force: true })
  }
}
