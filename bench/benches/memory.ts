/** Peak memory of a backfill must not grow with the rows: 10 M (ours) against 1 M (reference), default limits. */
import path from 'node:path'
import { measure } from '../child-task.ts'
import { inFile } from '../duckdb-file.ts'
import { makeOrders } from '../order-table.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../result.ts'
import type { BackfillTask } from './backfill.ts'

const RUNS = 3
const BACKFILL = path.join(import.meta.dirname, 'backfill.ts')

export async function memory(ctx: BenchContext): Promise<readonly Result[]> {
  const taskOf = async (millions: number): Promise<BackfillTask> => {
    const n = rows(millions * 1_000_000, ctx)
    const source = path.join(ctx.dir, `source-${millions}.duckdb`)
    ctx.say(`  making ${n} rows`)
    await inFile(source, (db) => makeOrders(db, n))
    const from = `{ kind: duckdb, path: ${JSON.stringify(source)} }`
    return {
      dir: path.join(ctx.dir, 'project'),
      from,
      table: 'orders',
      attach: null,
      relation: '',
      rows: n,
      memory: ctx.memory,
    }
  }
  const [small, large] = [await taskOf(1), await taskOf(10)]
  const runs = runsOf(RUNS, ctx)
  const [few, many]: [number[], number[]] = [[], []]
  for (let n = 1; n <= runs; n++) {
    many.push((await measure(BACKFILL, 'ours', large)).rssMb)
    few.push((await measure(BACKFILL, 'ours', small)).rssMb)
    ctx.say(
      `  ${n} of ${runs}: ${large.rows} rows ${Math.round(many.at(-1) ?? 0)} MB, ${small.rows} rows ${Math.round(few.at(-1) ?? 0)} MB`,
    )
  }
  return [resultOf('memory', 'MB', many, few, Math.max(...many, ...few))]
}
