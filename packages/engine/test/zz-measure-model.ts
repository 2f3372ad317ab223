import { openWorld, flowSpec } from './support/world.ts'
for (let k = 0; k < 3; k++) {
const a = performance.now()
await using w = await openWorld()
const b = performance.now()
await using c = await w.counted()
await w.source('CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)', "INSERT INTO src SELECT i, 'n' || i, now()::TIMESTAMP - to_seconds(10) FROM range(5) t(i)")
const times: number[] = []
for (let i = 0; i < 6; i++) {
  await c.session.run(`INSERT INTO src VALUES (${100 + i}, 'x', now()::TIMESTAMP)`)
  const f = performance.now()
  const r = await w.run(flowSpec(), { batchRows: 3 })
  times.push(performance.now() - f)
  if (r.state !== 'succeeded') console.log(r.state, r.error)
}
console.log('open', b - a, 'runs', times.map((x) => Math.round(x)))
}
const u = process.cpuUsage(); console.log(u.user/1e3, u.system/1e3, performance.now())
