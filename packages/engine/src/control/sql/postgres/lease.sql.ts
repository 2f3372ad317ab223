import { count, text } from '../decode.ts'
import { decodeLease } from '../decode-rows.ts'
import type { LeaseStatements } from '../statements.ts'
import { attempt, NOW, nowPlusMs } from './sql-parts.ts'

const LEASE = `select flow, token, worker, host, pid, actor, expires_at,
                      coalesce(expires_at <= ${NOW}, false) as expired from tidemark.lease`

/** A statement that waits for another on the same row then judges the row as the other left it. */
export const postgresLease: LeaseStatements = {
  acquire: ({ flow, owner, ttlMs, deadToken }) => ({
    text: `insert into tidemark.lease (flow, token, worker, host, pid, actor, acquired_at, renewed_at, expires_at)
           values ($1, 1, $2, $3, $4, $5, ${NOW}, ${NOW}, ${nowPlusMs(6)})
               on conflict (flow) do update
              set token = lease.token + 1, worker = excluded.worker, host = excluded.host, pid = excluded.pid,
                  actor = excluded.actor, acquired_at = excluded.acquired_at, renewed_at = excluded.renewed_at,
                  expires_at = excluded.expires_at
            where lease.worker is null or lease.expires_at <= ${NOW} or lease.token = $7::bigint
           returning token, expires_at`,
    params: [flow, owner.worker, owner.host, owner.pid, owner.actor, ttlMs, deadToken],
    decode: (raw) => ({ token: count(raw, 'token'), expiresAt: text(raw, 'expires_at') }),
  }),
  renew: ({ flow, token, ttlMs }) =>
    attempt(
      `update tidemark.lease set renewed_at = ${NOW}, expires_at = ${nowPlusMs(3)}
        where flow = $1 and token = $2::bigint and worker is not null returning 1`,
      [flow, token, ttlMs],
    ),
  release: ({ flow, token }) =>
    attempt(
      `update tidemark.lease set worker = null, host = null, pid = null, actor = null, expires_at = null
        where flow = $1 and token = $2::bigint and worker is not null returning 1`,
      [flow, token],
    ),
  find: ({ flow }) => ({ text: `${LEASE} where flow = $1`, params: [flow], decode: decodeLease }),
  list: () => ({ text: `${LEASE} order by flow`, params: [], decode: decodeLease }),
}
