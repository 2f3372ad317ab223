/**
 * Whose transactions are open on a server: what a ceiling is made of. Asked outside of any transaction, each by a statement
 * of its own. The server tells times of its own zone, in thirds of a hundredth of a second.
 */
import { catalogText, type Sql, sql, textLiteral } from '../sql-text.ts'

/**
 * What sessions of ours that only read have for their CONTEXT_INFO, in every process: sixteen bytes that nobody else sets.
 * The name of an application could be anybody's.
 */
export const READER_CONTEXT = '0x7469646572656164B2C64F08A91E7D35'

export const markAsReader = sql`SET CONTEXT_INFO ${catalogText(READER_CONTEXT)}`

/** The server's own zone by its name in `sys.time_zone_info`; null: it is not known. */
export type ServerZone = string | null

/** a datetime is rounded by less than a tick of a three-hundredth of a second */
const TICK_MICROSECONDS = sql`3340`
/** by how much clocks are set back, in minutes */
const SET_BACK = sql`(VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes)`

/**
 * UTC of a datetime in the server's zone: the earlier one where its clocks showed it twice, less a tick. Without a zone: by
 * the offset of now, less an hour, for it may have been one more then.
 */
export function utcOf(local: Sql, zone: ServerZone): Sql {
  const wide = sql`CAST(${local} AS datetime2(7))`
  const back = sql`DATEADD(microsecond, -${TICK_MICROSECONDS}, `
  if (zone === null) return sql`${back}DATEADD(minute, -60 - DATEPART(tzoffset, SYSDATETIMEOFFSET()), ${wide}))`
  const name = sql`N${textLiteral(zone)}`
  const shown = sql`CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE ${name} AS datetime2(7))`
  return sql`(SELECT ${back}MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(${wide} AT TIME ZONE ${name} AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN ${SET_BACK} WHERE b.minutes = 0 OR ${shown} = ${wide})`
}

/** `2026-01-31 12:00:00.0000000` */
export const utcText = (utc: Sql): Sql => sql`CONVERT(nvarchar(27), ${utc}, 121)`

export const CLOCK = sql`SELECT ${utcText(sql`SYSUTCDATETIME()`)}`

const flag = (predicate: Sql): Sql => sql`CASE WHEN ${predicate} THEN 1 ELSE 0 END`

const TEMPDB = sql`2`
const SYSTEM_AND_READ_ONLY = sql`(2, 3)`

/**
 * A row for each session of each transaction that may write: its id, name, start, unit of work where it is distributed,
 * whether it has written anything and whether into this database; session, login, application; whether the session is the
 * one that asks, or a reader of ours. Without a session: nobody has the transaction any more, or it is the server's own.
 */
export const openTransactions = (zone: ServerZone): Sql => sql`
SELECT CAST(t.transaction_id AS nvarchar(20)), t.name, ${utcText(utcOf(sql`t.began`, zone))}, CAST(t.unit AS nvarchar(36)), t.wrote, t.wrote_here,
  CAST(o.session_id AS nvarchar(11)), s.original_login_name, s.program_name,
  ${flag(sql`o.session_id = @@SPID`)}, ${flag(sql`SUBSTRING(s.context_info, 1, 16) = ${catalogText(READER_CONTEXT)}`)}
FROM (SELECT a.transaction_id, a.name, CASE WHEN a.transaction_type = 4 THEN a.transaction_uow END AS unit,
    CASE WHEN d.began < a.transaction_begin_time THEN d.began ELSE a.transaction_begin_time END AS began,
    COALESCE(d.wrote, 0) AS wrote, COALESCE(d.wrote_here, 0) AS wrote_here
  FROM sys.dm_tran_active_transactions AS a
  LEFT JOIN (SELECT w.transaction_id, MIN(w.database_transaction_begin_time) AS began, MAX(${flag(sql`w.database_id <> ${TEMPDB}`)}) AS wrote,
      MAX(${flag(sql`w.database_id = DB_ID()`)}) AS wrote_here
    FROM sys.dm_tran_database_transactions AS w WHERE w.database_transaction_begin_time IS NOT NULL
    GROUP BY w.transaction_id) AS d ON d.transaction_id = a.transaction_id
  WHERE a.transaction_type NOT IN ${SYSTEM_AND_READ_ONLY}) AS t
LEFT JOIN (SELECT x.transaction_id, x.session_id FROM sys.dm_tran_session_transactions AS x
  UNION SELECT r.transaction_id, r.session_id FROM sys.dm_exec_requests AS r WHERE r.transaction_id <> 0) AS o ON o.transaction_id = t.transaction_id
LEFT JOIN sys.dm_exec_sessions AS s ON s.session_id = o.session_id`

/**
 * The same of transactions in memory that have no other id: those of natively compiled procedures, which last no longer
 * than the request that calls them. Of a request that is over already there is no start.
 */
export const inMemoryTransactions = (zone: ServerZone): Sql => sql`
SELECT CONCAT(N'in memory ', x.xtp_transaction_id), N'in memory', ${utcText(utcOf(sql`COALESCE(r.began, s.last_request_start_time)`, zone))}, NULL, 1, 1,
  CAST(x.session_id AS nvarchar(11)), s.original_login_name, s.program_name,
  ${flag(sql`x.session_id = @@SPID`)}, ${flag(sql`SUBSTRING(s.context_info, 1, 16) = ${catalogText(READER_CONTEXT)}`)}
FROM sys.dm_db_xtp_transactions AS x
JOIN sys.dm_exec_sessions AS s ON s.session_id = x.session_id AND s.is_user_process = 1
LEFT JOIN (SELECT q.session_id, MIN(q.start_time) AS began FROM sys.dm_exec_requests AS q GROUP BY q.session_id) AS r ON r.session_id = x.session_id
WHERE x.transaction_id = 0 AND x.state <> 2`

/** The least row version that is not committed yet, and the last one given: of this database. */
export const rowVersions = sql`SELECT CONVERT(nvarchar(18), CAST(MIN_ACTIVE_ROWVERSION() AS binary(8)), 1), CONVERT(nvarchar(18), CAST(@@DBTS AS binary(8)), 1)`
