-- the clock
SELECT CONVERT(nvarchar(27), SYSUTCDATETIME(), 121);

-- open transactions
SELECT CAST(t.transaction_id AS nvarchar(20)), t.name, CONVERT(nvarchar(27), (SELECT DATEADD(microsecond, -3340, MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(CAST(t.began AS datetime2(7)) AT TIME ZONE N'GMT Standard Time' AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN (VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes) WHERE b.minutes = 0 OR CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE N'GMT Standard Time' AS datetime2(7)) = CAST(t.began AS datetime2(7))), 121), CAST(t.unit AS nvarchar(36)), t.wrote, t.wrote_here,
  CAST(o.session_id AS nvarchar(11)), s.original_login_name, s.program_name,
  CASE WHEN o.session_id = @@SPID THEN 1 ELSE 0 END, CASE WHEN SUBSTRING(s.context_info, 1, 16) = 0x7469646572656164B2C64F08A91E7D35 THEN 1 ELSE 0 END
FROM (SELECT a.transaction_id, a.name, CASE WHEN a.transaction_type = 4 THEN a.transaction_uow END AS unit,
    CASE WHEN d.began < a.transaction_begin_time THEN d.began ELSE a.transaction_begin_time END AS began,
    COALESCE(d.wrote, 0) AS wrote, COALESCE(d.wrote_here, 0) AS wrote_here
  FROM sys.dm_tran_active_transactions AS a
  LEFT JOIN (SELECT w.transaction_id, MIN(w.database_transaction_begin_time) AS began, MAX(CASE WHEN w.database_id <> 2 THEN 1 ELSE 0 END) AS wrote,
      MAX(CASE WHEN w.database_id = DB_ID() THEN 1 ELSE 0 END) AS wrote_here
    FROM sys.dm_tran_database_transactions AS w WHERE w.database_transaction_begin_time IS NOT NULL
    GROUP BY w.transaction_id) AS d ON d.transaction_id = a.transaction_id
  WHERE a.transaction_type NOT IN (2, 3)) AS t
LEFT JOIN (SELECT x.transaction_id, x.session_id FROM sys.dm_tran_session_transactions AS x
  UNION SELECT r.transaction_id, r.session_id FROM sys.dm_exec_requests AS r WHERE r.transaction_id <> 0) AS o ON o.transaction_id = t.transaction_id
LEFT JOIN sys.dm_exec_sessions AS s ON s.session_id = o.session_id;

-- open transactions, where the zone is not known
SELECT CAST(t.transaction_id AS nvarchar(20)), t.name, CONVERT(nvarchar(27), DATEADD(microsecond, -3340, DATEADD(minute, -60 - DATEPART(tzoffset, SYSDATETIMEOFFSET()), CAST(t.began AS datetime2(7)))), 121), CAST(t.unit AS nvarchar(36)), t.wrote, t.wrote_here,
  CAST(o.session_id AS nvarchar(11)), s.original_login_name, s.program_name,
  CASE WHEN o.session_id = @@SPID THEN 1 ELSE 0 END, CASE WHEN SUBSTRING(s.context_info, 1, 16) = 0x7469646572656164B2C64F08A91E7D35 THEN 1 ELSE 0 END
FROM (SELECT a.transaction_id, a.name, CASE WHEN a.transaction_type = 4 THEN a.transaction_uow END AS unit,
    CASE WHEN d.began < a.transaction_begin_time THEN d.began ELSE a.transaction_begin_time END AS began,
    COALESCE(d.wrote, 0) AS wrote, COALESCE(d.wrote_here, 0) AS wrote_here
  FROM sys.dm_tran_active_transactions AS a
  LEFT JOIN (SELECT w.transaction_id, MIN(w.database_transaction_begin_time) AS began, MAX(CASE WHEN w.database_id <> 2 THEN 1 ELSE 0 END) AS wrote,
      MAX(CASE WHEN w.database_id = DB_ID() THEN 1 ELSE 0 END) AS wrote_here
    FROM sys.dm_tran_database_transactions AS w WHERE w.database_transaction_begin_time IS NOT NULL
    GROUP BY w.transaction_id) AS d ON d.transaction_id = a.transaction_id
  WHERE a.transaction_type NOT IN (2, 3)) AS t
LEFT JOIN (SELECT x.transaction_id, x.session_id FROM sys.dm_tran_session_transactions AS x
  UNION SELECT r.transaction_id, r.session_id FROM sys.dm_exec_requests AS r WHERE r.transaction_id <> 0) AS o ON o.transaction_id = t.transaction_id
LEFT JOIN sys.dm_exec_sessions AS s ON s.session_id = o.session_id;

-- transactions in memory
SELECT CONCAT(N'in memory ', x.xtp_transaction_id), N'in memory', CONVERT(nvarchar(27), (SELECT DATEADD(microsecond, -3340, MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(CAST(COALESCE(r.began, s.last_request_start_time) AS datetime2(7)) AT TIME ZONE N'GMT Standard Time' AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN (VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes) WHERE b.minutes = 0 OR CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE N'GMT Standard Time' AS datetime2(7)) = CAST(COALESCE(r.began, s.last_request_start_time) AS datetime2(7))), 121), NULL, 1, 1,
  CAST(x.session_id AS nvarchar(11)), s.original_login_name, s.program_name,
  CASE WHEN x.session_id = @@SPID THEN 1 ELSE 0 END, CASE WHEN SUBSTRING(s.context_info, 1, 16) = 0x7469646572656164B2C64F08A91E7D35 THEN 1 ELSE 0 END
FROM sys.dm_db_xtp_transactions AS x
JOIN sys.dm_exec_sessions AS s ON s.session_id = x.session_id AND s.is_user_process = 1
LEFT JOIN (SELECT q.session_id, MIN(q.start_time) AS began FROM sys.dm_exec_requests AS q GROUP BY q.session_id) AS r ON r.session_id = x.session_id
WHERE x.transaction_id = 0 AND x.state <> 2;

-- row versions
SELECT CONVERT(nvarchar(18), CAST(MIN_ACTIVE_ROWVERSION() AS binary(8)), 1), CONVERT(nvarchar(18), CAST(@@DBTS AS binary(8)), 1);

-- row versions of another database
EXEC [other].sys.sp_executesql N'SELECT CONVERT(nvarchar(18), CAST(MIN_ACTIVE_ROWVERSION() AS binary(8)), 1), CONVERT(nvarchar(18), CAST(@@DBTS AS binary(8)), 1)';

-- a session of ours that only reads
SET CONTEXT_INFO 0x7469646572656164B2C64F08A91E7D35;

-- what the server shows of itself
SELECT CAST(SERVERPROPERTY(N'EngineEdition') AS nvarchar(128)), CAST(SERVERPROPERTY(N'ProductMajorVersion') AS nvarchar(128)),
  CASE WHEN CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(128)) = N'READ_ONLY' THEN 0 ELSE 1 END, d.is_read_only, d.is_in_standby,
  CASE WHEN d.source_database_id IS NULL THEN 0 ELSE 1 END,
  HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE'), HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER PERFORMANCE STATE'),
  HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DATABASE STATE'),
  CASE WHEN EXISTS (SELECT 1 FROM sys.filegroups AS f WHERE f.type = N'FX') THEN 1 ELSE 0 END, ORIGINAL_LOGIN()
FROM (SELECT 1 AS here) AS q LEFT JOIN sys.databases AS d ON d.name = DB_NAME();

-- the clock of a secondary
SELECT CONVERT(nvarchar(27), (SELECT DATEADD(microsecond, -3340, MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(CAST(r.last_commit_time AS datetime2(7)) AT TIME ZONE N'GMT Standard Time' AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN (VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes) WHERE b.minutes = 0 OR CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE N'GMT Standard Time' AS datetime2(7)) = CAST(r.last_commit_time AS datetime2(7))), 121) FROM sys.dm_hadr_database_replica_states AS r
WHERE r.database_id = DB_ID() AND r.is_local = 1 AND r.last_commit_time IS NOT NULL;

-- the clock of a secondary in Azure SQL Database
SELECT CONVERT(nvarchar(27), (SELECT DATEADD(microsecond, -3340, MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(CAST(r.last_commit_time AS datetime2(7)) AT TIME ZONE N'GMT Standard Time' AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN (VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes) WHERE b.minutes = 0 OR CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE N'GMT Standard Time' AS datetime2(7)) = CAST(r.last_commit_time AS datetime2(7))), 121) FROM sys.dm_database_replica_states AS r WHERE r.is_local = 1 AND r.last_commit_time IS NOT NULL;

-- the clock of a snapshot
SELECT CONVERT(nvarchar(27), (SELECT DATEADD(microsecond, -3340, MIN(DATEADD(minute, -b.minutes, u.utc)))
  FROM (SELECT CAST(CAST(d.create_date AS datetime2(7)) AT TIME ZONE N'GMT Standard Time' AT TIME ZONE N'UTC' AS datetime2(7)) AS utc) AS u
  CROSS JOIN (VALUES (0), (30), (60), (90), (120), (180)) AS b(minutes) WHERE b.minutes = 0 OR CAST(DATEADD(minute, -b.minutes, u.utc) AT TIME ZONE N'UTC' AT TIME ZONE N'GMT Standard Time' AS datetime2(7)) = CAST(d.create_date AS datetime2(7))), 121) FROM sys.databases AS d WHERE d.name = DB_NAME();

-- the zone of the machine
DECLARE @zone nvarchar(256)
EXEC master.dbo.xp_instance_regread N'HKEY_LOCAL_MACHINE', N'SYSTEM\CurrentControlSet\Control\TimeZoneInformation', N'TimeZoneKeyName', @zone OUTPUT, N'no_output'
SELECT @zone;

-- is it a zone
SELECT z.name FROM sys.time_zone_info AS z WHERE z.name = N'GMT Standard Time';

-- how rows are read
SELECT d.snapshot_isolation_state, d.is_read_committed_snapshot_on FROM sys.databases AS d WHERE d.name = N'shop';

-- how files are written
SELECT f.non_transacted_access FROM sys.database_filestream_options AS f WHERE f.database_id = DB_ID(N'shop');

-- how much was written
SELECT
  CAST((SELECT SUM(f.num_of_bytes_written) FROM sys.dm_io_virtual_file_stats(NULL, NULL) AS f WHERE f.database_id <> 2 AND f.file_id = 2) AS nvarchar(20)),
  CAST((SELECT SUM(p.cntr_value) FROM sys.dm_os_performance_counters AS p
    WHERE p.counter_name = N'Write Transactions/sec' AND p.instance_name NOT IN (N'_Total', N'tempdb')) AS nvarchar(20)),
  (SELECT CONVERT(nvarchar(23), i.sqlserver_start_time, 121) FROM sys.dm_os_sys_info AS i);
