/** Seconds for a million rows and peak memory must not grow with the rows: 5 M and 20 M (ours) against 1 M (reference). */
import { inTurn, type Measured, type Measurement } from '../../child-task.ts'
import { type Databases, withDatabases } from '../../postgres/bench-server.ts'
import { makeOrders } from '../../postgres/orders.ts'
import { WARM_ROWS } from '../../postgres/postgres-project.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../../result.ts'
import { loadTask, measureLoad, warmUp } from './full-load.ts'

const RUNS = 5
/** a measurement takes so many at least, in loads one after the other: one million alone is over too soon */
const MILLIONS = 5

export const linear = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabases(ctx, async (databases) => {
    makeOrders(databases.source, WARM_ROWS, 'bigint', 'warm')
    await warmUp(databases, loadTask(ctx, databases, 0, 1))
    const m = await inTurn(
      runsOf(RUNS, ctx),
      { '20 M': loadsOf(20, ctx, databases), '5 M': loadsOf(5, ctx, databases), '1 M': loadsOf(1, ctx, databases) },
      ctx.say,
    )
    const seconds = (side: keyof typeof m) => m[side].map((x) => x.seconds)
    const memory = (side: keyof typeof m) => m[side].map((x) => x.rssMb)
    return (['5 M', '20 M'] as const).flatMap((side) => {
      const [name, peak] = [side.replace(' M', 'm'), Math.max(...memory(side))]
      return [
        resultOf(`linear-${name}`, 's', seconds(side), seconds('1 M'), peak),
        resultOf(`linear-memory-${name}`, 'MB', memory(side), memory('1 M'), peak),
      ]
    })
  })

/** Makes a table of so many rows; a measurement of it answers the seconds of a million. */
function loadsOf(millions: number, ctx: BenchContext, databases: Databases): Measurement {
  const n = rows(millions * 1_000_000, ctx)
  const table = `orders_${millions}m`
  ctx.say(`  making ${n} rows`)
  makeOrders(databases.source, n, 'bigint', table)
  const task = { ...loadTask(ctx, databases, n, 1), table }
  return async () => {
    const loads: Measured[] = []
    while (loads.length * millions < MILLIONS) loads.push(await measureLoad('ours', databases, 'bigint', task))
    const sum = loads.reduce((s, load) => s + load.seconds, 0)
    return {
      seconds: (sum / (loads.length * n)) * 1_000_000,
      rssMb: Math.max(...loads.map((load) => load.rssMb)),
      startUpMs: Math.max(...loads.map((load) => load.startUpMs)),
    }
  }
}
