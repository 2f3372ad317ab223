-- prepare
IF SCHEMA_ID(N'tidemark') IS NULL EXEC (N'CREATE SCHEMA [tidemark]');
GO;

-- prepare
IF OBJECT_ID(N'[tidemark].[fence]') IS NULL CREATE TABLE [tidemark].[fence] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, token bigint NOT NULL, owner_session int NULL, owner_since datetime2(7) NULL,
  PRIMARY KEY CLUSTERED (store, flow));
GO;

-- prepare
IF OBJECT_ID(N'[tidemark].[marker]') IS NULL CREATE TABLE [tidemark].[marker] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  run nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, step int NOT NULL, batch int NOT NULL, token bigint NOT NULL,
  rows_read bigint NOT NULL, inserted bigint NOT NULL, updated bigint NOT NULL, deleted bigint NOT NULL,
  skipped_same bigint NOT NULL, skipped_older bigint NOT NULL, rejected bigint NOT NULL, committed_at datetime2(7) NOT NULL,
  PRIMARY KEY CLUSTERED (store, run, step, batch));
GO;

-- prepare
IF OBJECT_ID(N'[tidemark].[marker_reject]') IS NULL BEGIN CREATE TABLE [tidemark].[marker_reject] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  run nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, step int NOT NULL, batch int NOT NULL, [key] nvarchar(max) NOT NULL, code varchar(10) NOT NULL, message nvarchar(max) NOT NULL); CREATE CLUSTERED INDEX tidemark_found_by ON [tidemark].[marker_reject] (store, run, step, batch) END;
GO;

-- prepare
IF OBJECT_ID(N'[tidemark].[settled]') IS NULL BEGIN CREATE TABLE [tidemark].[settled] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  run nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, up_to nvarchar(4000) NULL, had_rows bit NOT NULL, settled_at datetime2(7) NOT NULL); CREATE CLUSTERED INDEX tidemark_found_by ON [tidemark].[settled] (store, flow) END;
GO;

-- prepare
IF SCHEMA_ID(N'tidemark_work') IS NULL EXEC (N'CREATE SCHEMA [tidemark_work]');
GO;

-- raise
INSERT INTO [Gwent_LA_FileTable].[tidemark].[fence] (store, flow, token) SELECT N's-1', N'referrals.attachments', 0
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[tidemark].[fence] WITH (UPDLOCK, HOLDLOCK) WHERE store = N's-1' AND flow = N'referrals.attachments');

-- raise
UPDATE [Gwent_LA_FileTable].[tidemark].[fence] SET token = CAST(N'7' AS bigint), owner_session = @@SPID, owner_since = SYSUTCDATETIME()
WHERE store = N's-1' AND flow = N'referrals.attachments' AND token < CAST(N'7' AS bigint);

-- raise
SELECT s.session_id, s.login_name, s.program_name, COALESCE(s.host_name, N'')
FROM sys.dm_exec_requests AS q JOIN sys.dm_exec_sessions AS s ON s.session_id = q.blocking_session_id
WHERE q.session_id = 57 AND q.blocking_session_id > 0;

-- raise
KILL 57;

-- batch
SELECT token FROM [Gwent_LA_FileTable].[tidemark].[fence] WITH (REPEATABLEREAD, ROWLOCK) WHERE store = N's-1' AND flow = N'referrals.attachments';

-- batch
SET LOCK_TIMEOUT 1000;

-- batch
SELECT rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected FROM [Gwent_LA_FileTable].[tidemark].[marker] WHERE store = N's-1' AND run = N'r-abcde' AND step = CAST(N'1' AS int) AND batch = CAST(N'3' AS int);

-- batch
INSERT INTO [Gwent_LA_FileTable].[tidemark].[marker] (store, flow, scope, run, step, batch, token, rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected, committed_at)
VALUES (N's-1', N'referrals.attachments', N'{}', N'r-abcde', CAST(N'1' AS int), CAST(N'3' AS int), CAST(N'7' AS bigint), 0, 0, 0, 0, 0, 0, 0, SYSUTCDATETIME());

-- batch
UPDATE [Gwent_LA_FileTable].[tidemark].[marker] SET rows_read = CAST(N'1' AS BIGINT), inserted = CAST(N'1' AS BIGINT), updated = CAST(N'0' AS BIGINT), deleted = CAST(N'0' AS BIGINT),
  skipped_same = CAST(N'0' AS BIGINT), skipped_older = CAST(N'0' AS BIGINT), rejected = CAST(N'0' AS BIGINT) WHERE store = N's-1' AND run = N'r-abcde' AND step = CAST(N'1' AS int) AND batch = CAST(N'3' AS int);

-- settle
DELETE FROM [Gwent_LA_FileTable].[tidemark].[settled] WHERE store = N's-1' AND flow = N'referrals.attachments' AND scope = N'{}';

-- settle
INSERT INTO [Gwent_LA_FileTable].[tidemark].[settled] (store, flow, scope, run, up_to, had_rows, settled_at)
SELECT N's-1', N'referrals.attachments', N'{}', N'r-abcde', N'2026-03-01', CASE WHEN EXISTS (SELECT 1 FROM [dbo].[t]) THEN 1 ELSE 0 END, SYSUTCDATETIME();

-- settle
DELETE FROM [Gwent_LA_FileTable].[tidemark].[marker] WHERE store = N's-1' AND flow = N'referrals.attachments' AND scope = N'{}' AND run <> N'r-abcde';

-- settle
DELETE FROM [Gwent_LA_FileTable].[tidemark].[marker_reject] WHERE store = N's-1' AND flow = N'referrals.attachments' AND scope = N'{}';

-- settle
DELETE FROM [Gwent_LA_FileTable].[tidemark].[marker] WHERE store = N's-1' AND flow = N'referrals.attachments' AND run = N'r-abcde';

-- settle
DELETE FROM [Gwent_LA_FileTable].[tidemark].[marker_reject] WHERE store = N's-1' AND flow = N'referrals.attachments' AND run = N'r-abcde';

-- look
SELECT batch, rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected FROM [Gwent_LA_FileTable].[tidemark].[marker] WHERE store = N's-1' AND run = N'r-abcde' ORDER BY batch;

-- look
SELECT [key], code, message FROM [Gwent_LA_FileTable].[tidemark].[marker_reject] WHERE store = N's-1' AND run = N'r-abcde' AND batch = CAST(N'3' AS int) ORDER BY [key];
