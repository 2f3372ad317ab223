/** 1 M changed rows (half updates, half inserts) into 10 M, newest wins, against the fastest statements we know. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { runFlow } from '../bench-project.ts'
import { alternately, measure, secondsOf } from '../child-task.ts'
import { inFile } from '../duckdb-file.ts'
import { openWarmDuckdb, writeDuckdbProject } from '../duckdb-project.ts'
import { makeOrders, orderRows } from '../order-table.ts'
import { quoted, timedSession } from '../reference-session.ts'
import { type BenchContext, type Result, rows, runsOf } from '../result.ts'
import { seconds } from '../seconds.ts'

const RUNS = 3
/** one measurement is so many deltas, one after the other: a single one takes less than five seconds */
const DELTAS = 3
const FILE = import.meta.filename
const STATE = ['source.duckdb', 'target.duckdb', '.tidemark/control.db']

interface LatestTask {
  readonly dir: string
  readonly kept: string
  readonly base: number
  /** rows updated by a delta, and as many inserted */
  readonly half: number
  readonly memory: string | null
}

export async function latest(ctx: BenchContext): Promise<readonly Result[]> {
  const base = rows(10_000_000, ctx)
  const task: LatestTask = {
    dir: path.join(ctx.dir, 'project'),
    kept: path.join(ctx.dir, 'kept'),
    base,
    half: Math.max(1, Math.round(base / 20)),
    memory: ctx.memory,
  }
  ctx.say(`  making ${base} rows and their initial load`)
  await measure(FILE, 'make', task)
  const m = await alternately(
    runsOf(RUNS, ctx),
    () => measure(FILE, 'ours', task),
    () => measure(FILE, 'reference', task),
    ctx.say,
  )
  return [secondsOf('latest-1m-into-10m', m.ours, m.reference)]
}

/** In a child: the project after its initial load, kept so that every measurement begins there. */
export async function make(given: unknown): Promise<number> {
  const { dir, kept, base, memory } = given as LatestTask
  writeDuckdbProject(dir, {
    from: '{ kind: duckdb, path: source.duckdb }',
    table: 'orders',
    capture: '{ kind: watermark, position: modified_on, clock: utc, buffer: 0s }',
    apply: 'latest',
    memory,
  })
  await inFile(path.join(dir, 'source.duckdb'), (db) => makeOrders(db, base))
  {
    await using app = await openWarmDuckdb(dir)
    await runFlow(app, 'bench.orders')
  }
  mkdirSync(path.join(kept, '.tidemark'), { recursive: true })
  for (const file of STATE) copyFileSync(path.join(dir, file), path.join(kept, file))
  return 0
}

/** Into the same files, byte for byte: another file would be another source. */
function restore({ dir, kept }: LatestTask): void {
  for (const file of STATE) {
    for (const log of ['.wal', '-wal', '-shm']) rmSync(path.join(dir, file + log), { force: true })
    copyFileSync(path.join(kept, file), path.join(dir, file))
  }
}

/** In a child of the child, whose memory is not counted: changes rows all over the source's table and adds as many. */
export async function change(given: unknown): Promise<number> {
  const { dir, base, half, delta } = given as LatestTask & { readonly delta: number }
  await inFile(path.join(dir, 'source.duckdb'), async (db) => {
    const now = "get_current_timestamp() AT TIME ZONE 'UTC'"
    const step = Math.floor(base / half)
    await db.run(
      `UPDATE orders SET modified_on = ${now}, amount = amount + 1, city = 'Aberystwyth', active = NOT active
        WHERE id < ${half * step} AND id % ${step} = ${delta}`,
    )
    const first = base + (delta - 1) * half
    await db.run(`INSERT INTO orders ${orderRows(`range(${first}, ${first + half})`, now, delta)}`)
  })
  return 0
}

/** In a child: the deltas, each from plan to settle; making them is not counted. */
export async function ours(given: unknown): Promise<number> {
  const task = given as LatestTask
  restore(task)
  await using app = await openWarmDuckdb(task.dir)
  let sum = 0
  for (let delta = 1; delta <= DELTAS; delta++) {
    await measure(FILE, 'change', { ...task, delta })
    sum += await seconds(async () => {
      const { rows: counts } = await runFlow(app, 'bench.orders')
      if (counts.inserted !== task.half || counts.updated !== task.half)
        throw new Error(`${counts.inserted} inserted and ${counts.updated} updated, of ${task.half} each`)
    })
  }
  return sum
}

/** In a child: the same deltas by hand, open and close of the files included. */
export async function reference(given: unknown): Promise<number> {
  const task = given as LatestTask
  restore(task)
  let sum = 0
  for (let delta = 1; delta <= DELTAS; delta++) {
    await measure(FILE, 'change', { ...task, delta })
    const after = await newestIn(path.join(task.dir, 'target.duckdb')) // a script would have kept it
    sum += await timedSession(task.dir, (db) => seconds(() => byHand(db, task, after)))
  }
  return sum
}

const newestIn = (file: string): Promise<string> =>
  inFile(file, async (db) => {
    const reader = await db.runAndReadAll('SELECT CAST(max(modified_on) AS VARCHAR) FROM orders')
    return String(reader.value(0, 0))
  })

async function byHand(db: DuckDBConnection, { dir }: LatestTask, after: string): Promise<void> {
  await db.run(`ATTACH ${quoted(dir, 'source.duckdb')} AS s (READ_ONLY)`)
  await db.run(`ATTACH ${quoted(dir, 'target.duckdb')} AS t`)
  await db.run('BEGIN')
  await db.run(`CREATE TEMP TABLE changed AS SELECT * FROM s.orders WHERE modified_on > TIMESTAMP '${after}'`)
  await db.run('DELETE FROM t.orders o USING changed c WHERE o.id = c.id AND c.modified_on > o.modified_on')
  await db.run(
    'INSERT INTO t.orders SELECT * FROM changed c WHERE NOT EXISTS (SELECT 1 FROM t.orders o WHERE o.id = c.id)',
  )
  await db.run('COMMIT')
  await db.run('DETACH t') // checkpoints
  await db.run('DETACH s')
}
