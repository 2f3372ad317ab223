/**
 * What the server shows of itself, and what this database is: the place where rows are written, or a copy of it. A
 * database is found by its name: in Azure SQL the number that `DB_ID()` tells may be none of `sys.databases`.
 */
import { param, type Sql, sql } from '../sql-text.ts'
import { type ServerZone, utcOf, utcText } from './activity.sql.ts'

/**
 * Edition of the engine, version; whether the database takes writes now, was made read-only, is restored from logs, is a
 * snapshot; rights to see what is at work on the server (of two names), and in the database; whether it has tables in
 * memory; login.
 */
export const STANDING = sql`
SELECT CAST(SERVERPROPERTY(N'EngineEdition') AS nvarchar(128)), CAST(SERVERPROPERTY(N'ProductMajorVersion') AS nvarchar(128)),
  CASE WHEN CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(128)) = N'READ_ONLY' THEN 0 ELSE 1 END, d.is_read_only, d.is_in_standby,
  CASE WHEN d.source_database_id IS NULL THEN 0 ELSE 1 END,
  HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE'), HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER PERFORMANCE STATE'),
  HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DATABASE STATE'),
  CASE WHEN EXISTS (SELECT 1 FROM sys.filegroups AS f WHERE f.type = N'FX') THEN 1 ELSE 0 END, ORIGINAL_LOGIN()
FROM (SELECT 1 AS here) AS q LEFT JOIN sys.databases AS d ON d.name = DB_NAME()`

/** A snapshot shows its database as it was then. */
export const snapshotClock = (zone: ServerZone): Sql =>
  sql`SELECT ${utcText(utcOf(sql`d.create_date`, zone))} FROM sys.databases AS d WHERE d.name = DB_NAME()`

/** When the last commit was made, on the primary, that a secondary has taken over. */
export const secondaryClock = (zone: ServerZone, single: boolean): Sql =>
  single
    ? sql`SELECT ${utcText(utcOf(sql`r.last_commit_time`, zone))} FROM sys.dm_database_replica_states AS r WHERE r.is_local = 1 AND r.last_commit_time IS NOT NULL`
    : sql`SELECT ${utcText(utcOf(sql`r.last_commit_time`, zone))} FROM sys.dm_hadr_database_replica_states AS r
WHERE r.database_id = DB_ID() AND r.is_local = 1 AND r.last_commit_time IS NOT NULL`

/** From version 16 on, and in every service. */
export const NAMED_ZONE = sql`SELECT CURRENT_TIMEZONE_ID()`

/** What the machine has for its own; what it answers may have more behind a zero byte. */
export const ZONE_OF_MACHINE = sql`DECLARE @zone nvarchar(256)
EXEC master.dbo.xp_instance_regread N'HKEY_LOCAL_MACHINE', N'SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation', N'TimeZoneKeyName', @zone OUTPUT, N'no_output'
SELECT @zone`

/** As `AT TIME ZONE` knows it. */
export const knownZone = (name: string): Sql =>
  sql`SELECT z.name FROM sys.time_zone_info AS z WHERE z.name = ${param(name)}`

/** Whether a transaction may ask for SNAPSHOT, and whether READ COMMITTED reads versions of rows. */
export const isolationOf = (database: string): Sql => sql`
SELECT d.snapshot_isolation_state, d.is_read_committed_snapshot_on FROM sys.databases AS d WHERE d.name = ${param(database)}`

/** Whether files of its FileTables are written past transactions: 2, by anybody. */
export const fileAccessOf = (database: string): Sql =>
  sql`SELECT f.non_transacted_access FROM sys.database_filestream_options AS f WHERE f.database_id = DB_ID(${param(database)})`

/** Grows with every transaction that writes, in any database of the server but the temporary one, until it is restarted. */
export const WRITES = sql`SELECT
  CAST((SELECT SUM(f.num_of_bytes_written) FROM sys.dm_io_virtual_file_stats(NULL, NULL) AS f WHERE f.database_id <> 2 AND f.file_id = 2) AS nvarchar(20)),
  CAST((SELECT SUM(p.cntr_value) FROM sys.dm_os_performance_counters AS p
    WHERE p.counter_name = N'Write Transactions/sec' AND p.instance_name NOT IN (N'_Total', N'tempdb')) AS nvarchar(20)),
  (SELECT CONVERT(nvarchar(23), i.sqlserver_start_time, 121) FROM sys.dm_os_sys_info AS i)`
