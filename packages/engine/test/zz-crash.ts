import { Cancelled } from '../src/runtime/app-error.ts'
import { rows, TABLE } from './support/flat.ts'
import { flowSpec, openWorld } from './support/world.ts'
await using w = await openWorld()
await w.source(TABLE, rows(10))
await w.source('CREATE VIEW slow AS SELECT s.*, (SELECT count(*) FROM range(20000) a, range(20000) b WHERE (a.range * b.range + s.id) % 1000003 = 7) AS work FROM src s')
const flow = flowSpec()
const slow = flowSpec({ source: { ...flow.source, table: ['slow'] } })
const hard = new AbortController()
const t0 = performance.now()
const run = await w.run(slow, { batchRows: 2, workers: 1, hard: hard.signal, hit: (point) => {
  console.log(point, Math.round(performance.now() - t0))
    if (point === 'batch:begun') setTimeout(() => { console.log('abort', Math.round(performance.now() - t0)); hard.abort(new Cancelled('enough')) }, 300)
}, emit: (e) => console.log(e) })
console.log(run.state, run.error, Math.round(performance.now() - t0))
