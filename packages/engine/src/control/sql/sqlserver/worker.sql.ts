import { decodeRunWork, decodeWorker } from '../decode-rows.ts'
import type { WorkerStatements } from '../statements.ts'
import { attempt, bigint, effect, hold, KEEPING_PLACE, NOW, nowPlusMs } from './sql-parts.ts'

export const sqlServerWorker: WorkerStatements = {
  join: ({ run, token, worker, ttlMs }) =>
    attempt(
      `${hold('@p1', 2)}
       insert into tidemark.run_worker (run, token, worker, host, pid, actor, expires_at)
       output inserted.worker
       select @p1, ${bigint(2)}, @p3, @p4, cast(@p5 as int), @p6, ${nowPlusMs(7)}
        where @held = 1
          and not exists (select 1 from tidemark.run_worker ${KEEPING_PLACE} where run = @p1 and worker = @p3)`,
      [run, token, worker.worker, worker.host, worker.pid, worker.actor, Math.round(ttlMs)],
    ),
  attend: ({ run, token, worker, ttlMs }) =>
    attempt(
      `${hold('@p1', 2)}
       update tidemark.run_worker set expires_at = ${nowPlusMs(4)}
       output inserted.worker
        where run = @p1 and worker = @p3 and token = ${bigint(2)} and expires_at > ${NOW} and @held = 1`,
      [run, token, worker, Math.round(ttlMs)],
    ),
  leave: ({ run, worker }) => effect('delete from tidemark.run_worker where run = @p1 and worker = @p2', [run, worker]),
  clear: ({ run, token }) =>
    effect(`delete from tidemark.run_worker where run = @p1 and token <> ${bigint(2)}`, [run, token]),
  list: ({ run }) => ({
    text: `select w.worker, w.host, w.pid, w.actor, w.token, w.joined_at, w.expires_at,
                  case when w.expires_at <= ${NOW} then 1 else 0 end as expired,
                  case when l.worker is not null then 1 else 0 end as is_owner
             from tidemark.run_worker w join tidemark.run r on r.id = w.run
             left join tidemark.lease l on l.flow = r.flow and l.worker = w.worker and l.token = w.token
            where w.run = @p1 order by w.joined_at, w.worker`,
    params: [run],
    decode: decodeWorker,
  }),
  standing: ({ run }) => ({
    text: `select r.state, r.token, case when l.token is not null then 1 else 0 end as held,
                  case when l.expires_at > ${NOW} then 1 else 0 end as live,
                  case when exists (select 1 from tidemark.run_worker w
                                     where w.run = r.id and w.worker = l.worker and w.token = l.token)
                       then 1 else 0 end as [open]
             from tidemark.run r
             left join tidemark.lease l on l.flow = r.flow and l.token = r.token and l.worker is not null
            where r.id = @p1`,
    params: [run],
    decode: decodeRunWork,
  }),
}
