/** Whose transactions are open in this database: what a ceiling is made of. Asked outside of any transaction, or it is stale. */
import { param, type Sql, sql, whole } from '../sql-text.ts'

/** A lock that nobody else takes: it tells the sessions of ours that only read, in every process. A name could be anybody's. */
const READER = { classid: 0x74_69_64_65n, objid: 1n }

export const lockAsReader = sql`SELECT pg_try_advisory_lock_shared(${whole(READER.classid)}, ${whole(READER.objid)})`

const readers = sql`(SELECT l.pid FROM pg_catalog.pg_locks AS l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.classid = ${whole(READER.classid)} AND l.objid = ${whole(READER.objid)}
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))`

/**
 * pid, user, application, start, age in seconds, hidden, of each. Hidden: its start is not shown, for lack of a right
 * or because it is not tracked. A session that was just asked for something and has no start yet counts from then.
 * Left out: autovacuum, readers of ours, and the roles that only read, as long as they have written nothing.
 */
export const openTransactions = (readOnlyRoles: readonly string[]): Sql => sql`
SELECT a.pid, a.usename, a.application_name, CAST(a.since AS text), CAST(floor(extract(epoch FROM clock_timestamp() - a.since)) AS text), a.hidden
FROM (SELECT s.*, s.backend_type IS NULL OR s.state = 'disabled' AS hidden,
        CASE WHEN s.xact_start IS NOT NULL THEN s.xact_start
             WHEN s.state = 'active' AND s.backend_type = 'client backend' THEN s.query_start END AS since
      FROM pg_catalog.pg_stat_activity AS s
      WHERE s.datname = current_database() AND s.pid <> pg_backend_pid()) AS a
WHERE (a.hidden OR a.since IS NOT NULL)
  AND coalesce(a.backend_type, '') <> 'autovacuum worker'
  AND (a.backend_xid IS NOT NULL OR NOT (
    coalesce(a.usename = ANY (SELECT json_array_elements_text(CAST(${param(JSON.stringify(readOnlyRoles))} AS json))), FALSE)
    OR a.pid IN ${readers} OR coalesce(a.leader_pid IN ${readers}, FALSE)))
ORDER BY a.since, a.pid`

/** xid, gid, owner, when it was prepared, age in seconds of each; when it began nobody recorded. */
export const preparedTransactions = sql`
SELECT CAST(p.transaction AS text), p.gid, p.owner, CAST(p.prepared AS text), CAST(floor(extract(epoch FROM clock_timestamp() - p.prepared)) AS text)
FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = current_database() ORDER BY p.prepared, p.gid`

/** Everything below has ended; who holds the oldest transaction id, where that is a session that shows it. */
export const oldestXid = sql`
SELECT CAST(CAST(CAST(x.xmin AS text) AS numeric) - 1 AS text), x.xmin = x.xmax, a.pid, a.usename, a.application_name, CAST(a.xact_start AS text),
       CAST(floor(extract(epoch FROM clock_timestamp() - a.xact_start)) AS text), p.gid
FROM (SELECT pg_snapshot_xmin(s) AS xmin, pg_snapshot_xmax(s) AS xmax FROM pg_current_snapshot() AS s) AS x
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.backend_xid = CAST(x.xmin AS xid)
LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = CAST(x.xmin AS xid)
LIMIT 1`
