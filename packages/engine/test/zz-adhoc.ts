import { openWorld } from './support/world.ts'
import { readFileSync } from 'node:fs'
await using w = await openWorld()
await w.source("create table a(i int)","insert into a values (1)")
await w.target("create table a(i int)","insert into a values (1)")
for (const p of [w.sourcePath,w.targetPath]) console.log(readFileSync(p).subarray(0,200).toString('hex'))
console.log(await w.sourceRows(`select cast(timestamp '2026-01-01 09:59:59.9' as timestamp_s)::varchar, cast(timestamp '2026-01-01 23:59:59.9' as date)::varchar, cast(timestamp '2026-01-01 09:59:59.9999' as timestamp_ms)::varchar, cast(timestamp_ns '2026-01-01 09:59:59.999999999' as timestamp)::varchar`))
await w.target("create table k(k varchar collate nocase, v varchar)","insert into k values ('A','x')")
console.log(await w.targetRows(`select k from k where k = 'a'`), await w.targetRows(`select k from k where k collate "binary" = 'a'`).catch(e=>e.message), await w.targetRows(`select k from k where encode(k) = encode('a')`),await w.targetRows(`select k.k from k join (select 'a' as k) s on k.k=s.k`))
