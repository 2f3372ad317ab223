/** All rows of a table as a stream of CSV: by the ranges of a departure, against one SELECT by the client alone. */
import { Writable } from 'node:stream'
import type { FlowRelation, OpenBench, Selection } from '../../../packages/engine/src/dialects/contract.ts'
import { sqlserver } from '../../../packages/engine/src/dialects/sqlserver/index.ts'
import { parseConnectionId } from '../../../packages/contract/src/ids.ts'
import type { PlannedColumn } from '../../../packages/engine/src/dialects/planned-column.ts'
import { alternately, measure, type Measured, secondsOf } from '../../child-task.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'
import { type Database, optionsOf, withDatabase } from '../../sqlserver/bench-server.ts'
import { makeOrders, ORDER_TEXTS } from '../../sqlserver/orders.ts'
import { readAll } from '../../sqlserver/plain-tedious.ts'

const RUNS = 3
const FILE = import.meta.filename

interface ReadTask {
  readonly database: Database
  readonly table: string
  readonly rows: number
}

export const read = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabase(async (database, admin) => {
    const taskOf = async (millions: number): Promise<ReadTask> => {
      const task = { database, table: `orders_${millions}m`, rows: rows(millions * 1_000_000, ctx) }
      ctx.say(`  making ${task.rows} rows`)
      await makeOrders(admin, task.table, task.rows)
      return task
    }
    const [ten, one] = [await taskOf(10), await taskOf(1)]
    const side = (name: string, task: ReadTask) => (): Promise<Measured> => measure(FILE, name, task)
    const runs = runsOf(RUNS, ctx)
    const m = await alternately(runs, side('ours', ten), side('reference', ten), ctx.say)
    const small: number[] = []
    for (let n = 0; n < runs; n++) small.push((await measure(FILE, 'ours', one)).rssMb)
    const large = m.ours.map(({ rssMb }) => rssMb)
    return [
      secondsOf('read-10m', m.ours, m.reference),
      resultOf('read-memory', 'MB', large, small, Math.max(...large, ...small)),
    ]
  })

/** Where both sides write: what has been written is counted, and gone. */
class Counted extends Writable {
  bytes = 0

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.bytes += chunk.length
    done()
  }
}

const column = (name: string, type: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})

function relationOf(table: string, columns: readonly PlannedColumn[]): FlowRelation {
  return {
    source: { table: [table], joins: [], known: columns.map((x) => x.source) },
    target: { table: [table], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
    key: columns.slice(0, 1),
    columns,
    position: null,
    tree: null,
    where: [],
    scope: [],
    excludeKeys: [],
    steps: [],
  }
}

const ALL: Selection = { window: null, withNullPosition: true, absent: null, unmatched: [], again: [], gained: [] }
const SIZE = { rows: 100_000, bytes: 64 * 1024 ** 2 }

/** In a child: ranges are cut, and each is read. */
export async function ours(given: unknown): Promise<number> {
  const { database, table, rows: expected } = given as ReadTask
  const end = { id: parseConnectionId('bench'), kind: 'sqlserver', options: optionsOf(database) }
  const options: OpenBench = {
    source: end,
    target: end,
    mode: 'read',
    workPath: null,
    limits: { memoryBytes: null, threads: null, tempDir: '.' },
    secret: () => {
      throw new TypeError('nothing is masked')
    },
  }
  await using departure = await sqlserver.openDeparture(options)
  const facts = await departure.source.describe([table])
  const relation = relationOf(
    table,
    (facts?.columns ?? []).map(({ name, type }) => column(name, type)),
  )
  let count = 0n
  const took = await seconds(async () => {
    const cut = await departure.work.ranges({ relation, selection: ALL, size: SIZE, left: null })
    for (const batch of cut?.batches ?? [])
      count += (await (await departure.read(relation, ALL, batch, 'csv')).sendTo(new Counted())) ?? 0n
  })
  if (count !== BigInt(expected)) throw new Error(`${count} rows were read of ${expected}`)
  return took
}

/** In a child: one statement. */
export const reference = (given: unknown): Promise<number> => {
  const { database, table } = given as ReadTask
  return seconds(() => readAll(database, `SELECT ${ORDER_TEXTS} FROM ${table}`, new Counted()))
}
