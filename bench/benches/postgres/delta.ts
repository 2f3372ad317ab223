/** A million changed rows (half updates all over, half inserts), newest wins: by hand, and in batches of two sizes. */
import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { openWarm, runFlow, writeProject } from '../../bench-project.ts'
import { alternately, measure, type Measured, secondsOf } from '../../child-task.ts'
import { type Databases, withDatabases } from '../../postgres/bench-server.ts'
import { CHANGEABLE, numbers, orderRows, ordersTable } from '../../postgres/orders.ts'
import { acrossDatabases, makeSource } from '../../postgres/postgres-project.ts'
import { copyAcross, psql } from '../../postgres/psql.ts'
import { type BenchContext, type Result, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'

const RUNS = 5
const FILE = import.meta.filename
const STORE = '.tidemark/control.db'

interface DeltaTask {
  readonly dir: string
  readonly source: string
  readonly target: string
  /** rows updated, and as many inserted */
  readonly half: number
  /** null: the default */
  readonly batchRows: number | null
  readonly memory: string | null
}

/** Ours against the statements that a person would write. */
export const latestInto =
  (name: string, millions: number) =>
  (ctx: BenchContext): Promise<readonly Result[]> =>
    withDatabases(ctx, async (databases) => {
      const task = await prepare(ctx, databases, millions)
      const m = await alternately(
        runsOf(RUNS, ctx),
        () => measureDelta('ours', databases, task),
        () => measureDelta('reference', databases, task),
        ctx.say,
      )
      return [secondsOf(name, m.ours, m.reference)]
    })

/** Ours in batches of 10 000 against ours in batches of 100 000. */
export const deltaInBatches =
  (name: string, millions: number) =>
  (ctx: BenchContext): Promise<readonly Result[]> =>
    withDatabases(ctx, async (databases) => {
      const task = await prepare(ctx, databases, millions)
      const of = (batchRows: number) => () =>
        measureDelta('ours', databases, { ...task, batchRows: rows(batchRows, ctx) })
      const m = await alternately(runsOf(RUNS, ctx), of(10_000), of(100_000), ctx.say)
      return [secondsOf(name, m.ours, m.reference)]
    })

/** Both databases after the initial load, the target and the ledger kept so; then the changes, in the source alone. */
async function prepare({ dir, scale, memory, say }: BenchContext, databases: Databases, millions: number) {
  const base = Math.max(100, Math.round(millions * 1_000_000 * scale))
  const half = Math.max(1, Math.round(500_000 * scale))
  const { source, target } = databases
  const task: DeltaTask = { dir: path.join(dir, 'project'), source, target, half, batchRows: null, memory }
  say(`  making ${base} rows and their initial load`)
  makeSource(source, base, 'bigint')
  psql(source, 'CREATE INDEX ON orders (modified_on)')
  databases.emptyTarget(ordersTable('bigint'))
  await measure(FILE, 'load', task)
  psql(target, 'VACUUM ANALYZE orders')
  databases.keepTarget()
  copyFileSync(path.join(task.dir, STORE), path.join(dir, 'kept.db'))
  const step = Math.floor(base / half)
  psql(
    source,
    `UPDATE orders SET modified_on = ${NOW}, amount = amount + 1, city = 'Aberystwyth', active = NOT active
      WHERE id < ${half * step} AND id % ${step} = 1`,
    `INSERT INTO orders ${orderRows('bigint', numbers(base, base + half), NOW)}`,
    'VACUUM ANALYZE orders',
  )
  return task
}

const NOW = "now() AT TIME ZONE 'UTC'"

/** From the kept state: one delta, and a look that it came. */
async function measureDelta(side: 'ours' | 'reference', databases: Databases, task: DeltaTask): Promise<Measured> {
  databases.restoreTarget()
  for (const log of ['', '-wal', '-shm']) rmSync(path.join(task.dir, STORE + log), { force: true })
  copyFileSync(path.join(task.dir, '..', 'kept.db'), path.join(task.dir, STORE))
  const measured = await measure(FILE, side, task)
  const wanted = psql(task.source, NEWEST)
  const there = psql(task.target, NEWEST)
  if (there !== wanted) throw new Error(`${side}: the target has ${there} of ${wanted}`)
  return measured
}

const NEWEST = 'SELECT count(*), sum(amount), max(modified_on) FROM orders'

/** In a child: the initial load. */
export async function load(given: unknown): Promise<number> {
  const { dir, source, target, memory } = given as DeltaTask
  const capture = '{ kind: watermark, position: modified_on, clock: utc, buffer: 0s }'
  writeProject(dir, acrossDatabases(source, target, { table: 'orders', capture, apply: 'latest', memory }))
  await using app = await openWarm(dir)
  await runFlow(app, 'bench.orders')
  return 0
}

/** In a child: from plan to settle. */
export async function ours(given: unknown): Promise<number> {
  const { dir, half, batchRows } = given as DeltaTask
  await using app = await openWarm(dir)
  return await seconds(async () => {
    const { rows: counts } = await runFlow(app, 'bench.orders', { batchRows })
    if (counts.inserted !== half || counts.updated !== half)
      throw new Error(`${counts.inserted} inserted and ${counts.updated} updated, of ${half} each`)
  })
}

/** In a child: the newest position of the target, a COPY into a temp table, and INSERT … ON CONFLICT in one transaction. */
export const reference = (given: unknown): Promise<number> => {
  const { source, target } = given as DeltaTask
  const after = psql(target, 'SELECT max(modified_on) FROM orders') // a script would have kept it
  return seconds(() =>
    copyAcross(
      {
        url: source,
        copyToStdout: `COPY (SELECT * FROM orders WHERE modified_on > '${after}') TO STDOUT (FORMAT binary)`,
      },
      {
        url: target,
        statements: [
          'BEGIN',
          'CREATE TEMP TABLE changed (LIKE orders) ON COMMIT DROP',
          'COPY changed FROM STDIN (FORMAT binary)',
          `INSERT INTO orders AS o SELECT * FROM changed ON CONFLICT (id) DO UPDATE
             SET ${CHANGEABLE.map((column) => `${column} = excluded.${column}`).join(', ')}
           WHERE excluded.modified_on > o.modified_on`,
          'COMMIT',
        ],
      },
    ),
  )
}
