/**
 * How much a million rows cost more in a load of 5 M and 20 M than in one of 1 M: ours beside psql's own COPY, because a
 * server writes more than its memory holds at the pace of its disk, whoever sends the rows. Memory of ours must not grow.
 */
import { inTurn, type Measured, type Measurement } from '../../child-task.ts'
import { type Databases, withDatabases } from '../../postgres/bench-server.ts'
import { makeOrders } from '../../postgres/orders.ts'
import { WARM_ROWS } from '../../postgres/postgres-project.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../../result.ts'
import { loadTask, measureLoad, warmUp } from './full-load.ts'

const RUNS = 5
/** a measurement takes so many at least, in loads one after the other: one million alone is over too soon */
const MILLIONS = 5

type Side = 'ours' | 'reference'

export const linear = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabases(ctx, async (databases) => {
    makeOrders(databases.source, WARM_ROWS, 'bigint', 'warm')
    await warmUp(databases, loadTask(ctx, databases, 0, 1))
    const [twenty, five, one] = [20, 5, 1].map((n) => loadsOf(n, ctx, databases))
    if (twenty === undefined || five === undefined || one === undefined) throw new RangeError('three sizes')
    const m = await inTurn(
      runsOf(RUNS, ctx),
      {
        '20 M': twenty('ours'),
        '20 M psql': twenty('reference'),
        '5 M': five('ours'),
        '5 M psql': five('reference'),
        '1 M': one('ours'),
        '1 M psql': one('reference'),
      },
      ctx.say,
    )
    const growth = (large: readonly Measured[], small: readonly Measured[]) =>
      large.map((x, i) => x.seconds / (small[i]?.seconds ?? NaN))
    const memory = (loads: readonly Measured[]) => loads.map((x) => x.rssMb)
    return (['5 M', '20 M'] as const).flatMap((size) => {
      const [name, peak] = [size.replace(' M', 'm'), Math.max(...memory(m[size]))]
      return [
        resultOf(`linear-${name}`, '×', growth(m[size], m['1 M']), growth(m[`${size} psql`], m['1 M psql']), peak),
        resultOf(`linear-memory-${name}`, 'MB', memory(m[size]), memory(m['1 M']), peak),
      ]
    })
  })

/** Makes a table of so many rows; a measurement of it answers the seconds of a million. */
function loadsOf(millions: number, ctx: BenchContext, databases: Databases): (side: Side) => Measurement {
  const n = rows(millions * 1_000_000, ctx)
  const table = `orders_${millions}m`
  ctx.say(`  making ${n} rows`)
  makeOrders(databases.source, n, 'bigint', table)
  const task = { ...loadTask(ctx, databases, n, 1), table }
  return (side) => async () => {
    const loads: Measured[] = []
    while (loads.length * millions < MILLIONS) loads.push(await measureLoad(side, databases, 'bigint', task))
    const sum = loads.reduce((s, load) => s + load.seconds, 0)
    return {
      seconds: (sum / (loads.length * n)) * 1_000_000,
      rssMb: Math.max(...loads.map((load) => load.rssMb)),
      startUpMs: Math.max(...loads.map((load) => load.startUpMs)),
    }
  }
}
