import { count, text } from '../decode.ts'
import { decodeLease } from '../decode-rows.ts'
import type { LeaseStatements } from '../statements.ts'
import { attempt, bigint, DONE, KEEPING_PLACE, NOW, nowPlusMs, telling } from './sql-parts.ts'

const LEASE = `select flow, token, worker, host, pid, actor, expires_at,
                      case when expires_at <= ${NOW} then 1 else 0 end as expired from tidemark.lease`

const TAKEN = 'output inserted.token, inserted.expires_at into @taken (token, expires_at)'

/** An update that waits for another on the same row then judges the row as the other left it. */
export const sqlServerLease: LeaseStatements = {
  acquire: ({ flow, owner, ttlMs, deadToken }) => ({
    text: `declare @taken table (token bigint not null, expires_at nvarchar(30) not null);
           update tidemark.lease ${KEEPING_PLACE}
              set token = token + 1, worker = @p2, host = @p3, pid = cast(@p4 as int), actor = @p5,
                  acquired_at = ${NOW}, renewed_at = ${NOW}, expires_at = ${nowPlusMs(6)}
           ${TAKEN}
            where flow = @p1 and (worker is null or expires_at <= ${NOW} or token = ${bigint(7)});
           if not exists (select 1 from @taken)
             insert into tidemark.lease (flow, token, worker, host, pid, actor, acquired_at, renewed_at, expires_at)
             ${TAKEN}
             select @p1, 1, @p2, @p3, cast(@p4 as int), @p5, ${NOW}, ${NOW}, ${nowPlusMs(6)}
              where not exists (select 1 from tidemark.lease ${KEEPING_PLACE} where flow = @p1);
           select token, expires_at from @taken`,
    params: [flow, owner.worker, owner.host, owner.pid, owner.actor, Math.round(ttlMs), deadToken],
    decode: (raw) => ({ token: count(raw, 'token'), expiresAt: text(raw, 'expires_at') }),
  }),
  renew: ({ flow, token, ttlMs }) =>
    attempt(
      telling(`update tidemark.lease set renewed_at = ${NOW}, expires_at = ${nowPlusMs(3)} ${DONE}
                where flow = @p1 and token = ${bigint(2)} and worker is not null`),
      [flow, token, Math.round(ttlMs)],
    ),
  release: ({ flow, token }) =>
    attempt(
      telling(`update tidemark.lease set worker = null, host = null, pid = null, actor = null, expires_at = null ${DONE}
                where flow = @p1 and token = ${bigint(2)} and worker is not null`),
      [flow, token],
    ),
  find: ({ flow }) => ({ text: `${LEASE} where flow = @p1`, params: [flow], decode: decodeLease }),
  list: () => ({ text: `${LEASE} order by flow`, params: [], decode: decodeLease }),
}
