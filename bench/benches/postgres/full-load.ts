/** All rows of a table into an empty one with its primary key, PostgreSQL → PostgreSQL, against one binary COPY by psql. */
import path from 'node:path'
import type { App } from '../../../packages/engine/src/app/app.ts'
import { openWarm, runFlow, writeProject } from '../../bench-project.ts'
import { inTurn, measure, type Measured, secondsOf } from '../../child-task.ts'
import { type Databases, withDatabases } from '../../postgres/bench-server.ts'
import { type Key, ordersTable } from '../../postgres/orders.ts'
import { acrossDatabases, copyOrders, countOrders, makeSource } from '../../postgres/postgres-project.ts'
import { type BenchContext, type Result, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'

const RUNS = 5
const FILE = import.meta.filename

export interface LoadTask {
  readonly dir: string
  readonly source: string
  readonly target: string
  /** of the source; it lands in `orders` */
  readonly table: string
  readonly rows: number
  readonly parallel: number
  readonly memory: string | null
}

export const fullLoad =
  (name: string, key: Key) =>
  (ctx: BenchContext): Promise<readonly Result[]> =>
    withDatabases(ctx, async (databases) => {
      const n = rows(5_000_000, ctx)
      ctx.say(`  making ${n} rows`)
      makeSource(databases.source, n, key)
      await warmUp(databases, loadTask(ctx, databases, n, 1))
      const load = (side: 'ours' | 'reference', parallel: number) => (): Promise<Measured> =>
        measureLoad(side, databases, key, loadTask(ctx, databases, n, parallel))
      const m = await inTurn(
        runsOf(RUNS, ctx),
        { one: load('ours', 1), two: load('ours', 2), reference: load('reference', 1) },
        ctx.say,
      )
      return [secondsOf(name, m.one, m.reference), secondsOf(`${name}-parallel-2`, m.two, m.reference)]
    })

export const loadTask = (
  { dir, memory }: BenchContext,
  { source, target }: Databases,
  n: number,
  parallel: number,
): LoadTask => ({ dir: path.join(dir, 'project'), source, target, table: 'orders', rows: n, parallel, memory })

/** All code is compiled once before memory is looked at. */
export async function warmUp(databases: Databases, task: LoadTask): Promise<void> {
  databases.emptyTarget()
  await measure(FILE, 'warm', task)
}

/** One load into the target made anew, and a look that all rows came. */
export async function measureLoad(
  side: 'ours' | 'reference',
  databases: Databases,
  key: Key,
  task: LoadTask,
): Promise<Measured> {
  databases.emptyTarget(ordersTable(key))
  const measured = await measure(FILE, side, task)
  const arrived = countOrders(task.target)
  if (arrived !== task.rows) throw new Error(`${side}: ${arrived} rows arrived of ${task.rows}`)
  return measured
}

/** In a child: from plan to settle. */
export async function ours(given: unknown): Promise<number> {
  const { parallel } = given as LoadTask
  await using app = await open(given as LoadTask)
  return await seconds(() => runFlow(app, 'bench.orders', { parallel }))
}

/** In a child: all that comes before what `ours` measures. */
export async function warm(given: unknown): Promise<number> {
  await using _app = await open(given as LoadTask)
  return 0
}

function open({ dir, source, target, table, parallel, memory }: LoadTask): Promise<App> {
  writeProject(dir, acrossDatabases(source, target, { table, capture: 'backfill', apply: 'insert-missing', memory }))
  return openWarm(dir, { parallel })
}

/** In a child: two programs and a pipe. */
export const reference = (given: unknown): Promise<number> => {
  const { source, target, table } = given as LoadTask
  return seconds(() => copyOrders(source, target, table))
}
