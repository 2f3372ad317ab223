import { decodeRunWork, decodeWorker } from '../decode-rows.ts'
import type { WorkerStatements } from '../statements.ts'
import { attempt, effect, heldUnder, NOW, nowPlusMs } from './sql-parts.ts'

export const postgresWorker: WorkerStatements = {
  join: ({ run, token, worker, ttlMs }) =>
    attempt(
      `with held as (${heldUnder('$1', 2)})
       insert into tidemark.run_worker (run, token, worker, host, pid, actor, expires_at)
       select held.id, $2::bigint, $3, $4, $5::integer, $6, ${nowPlusMs(7)} from held
           on conflict (run, worker) do nothing returning 1`,
      [run, token, worker.worker, worker.host, worker.pid, worker.actor, ttlMs],
    ),
  attend: ({ run, token, worker, ttlMs }) =>
    attempt(
      `with held as (${heldUnder('$1', 2)})
       update tidemark.run_worker set expires_at = ${nowPlusMs(4)}
        where run = $1 and worker = $3 and token = $2::bigint and expires_at > ${NOW} and exists (select from held)
       returning 1`,
      [run, token, worker, ttlMs],
    ),
  leave: ({ run, worker }) => effect('delete from tidemark.run_worker where run = $1 and worker = $2', [run, worker]),
  clear: ({ run, token }) =>
    effect('delete from tidemark.run_worker where run = $1 and token <> $2::bigint', [run, token]),
  list: ({ run }) => ({
    text: `select w.worker, w.host, w.pid, w.actor, w.token, w.joined_at, w.expires_at, w.expires_at <= ${NOW} as expired,
                  l.worker is not null as is_owner
             from tidemark.run_worker w join tidemark.run r on r.id = w.run
             left join tidemark.lease l on l.flow = r.flow and l.worker = w.worker and l.token = w.token
            where w.run = $1 order by w.joined_at, w.worker`,
    params: [run],
    decode: decodeWorker,
  }),
  standing: ({ run }) => ({
    text: `select r.state, r.token, l.token is not null as held, coalesce(l.expires_at > ${NOW}, false) as live,
                  exists (select from tidemark.run_worker w
                           where w.run = r.id and w.worker = l.worker and w.token = l.token) as open
             from tidemark.run r
             left join tidemark.lease l on l.flow = r.flow and l.token = r.token and l.worker is not null
            where r.id = $1`,
    params: [run],
    decode: decodeRunWork,
  }),
}
