import { flowSpec, openWorld } from './support/world.ts'
import { DuckdbSession } from '../src/drivers/duckdb.ts'
const N = Number(process.argv[2] ?? 200)
const stats = new Map<string, { n: number; ms: number }>()
for (const m of ['run', 'rows'] as const) {
  const orig = DuckdbSession.prototype[m] as any
  ;(DuckdbSession.prototype as any)[m] = async function (text: string, params: unknown[]) {
    const t = performance.now()
    try { return await orig.call(this, text, params) } finally {
      const k = text.slice(0, 70).replaceAll(/r_\w+_\d+|r-\w+_\d+/g, 'W').replace(/\s+/g, ' ')
      const s = stats.get(k) ?? { n: 0, ms: 0 }
      s.n++; s.ms += performance.now() - t
      stats.set(k, s)
    }
  }
}
await using w = await openWorld()
const OLD = "TIMESTAMP '2020-01-01'"
await w.source('CREATE TABLE src (id BIGINT, parent BIGINT, name VARCHAR, modified_on TIMESTAMP)', `INSERT INTO src SELECT i, nullif(i - 1, 0), 'n', ${OLD} FROM range(1, ${N + 1}) t(i)`, `INSERT INTO src VALUES (50000, NULL, 'seed', ${OLD})`)
const list = flowSpec({ shape: { kind: 'tree', locator: 'id', parent: 'parent', orphans: null } })
const narrow = { ...list, source: { ...list.source, where: [{ kind: 'compare', column: { table: null, column: 'id' }, operator: '>=', value: String(N) }] } } as typeof list
const t = performance.now()
const run = await w.run(narrow)
console.log(run.state, run.error, performance.now() - t, 'ms', run.batches)
console.log([...stats].sort((a, b) => b[1].ms - a[1].ms).slice(0, 18).map(([k, s]) => `${s.ms.toFixed(0)} ms ${s.n}x ${k}`).join('\n'))
