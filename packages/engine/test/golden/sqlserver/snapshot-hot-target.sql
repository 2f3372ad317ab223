-- hot side in the target
IF OBJECT_ID(N'[tidemark].[snapshot]') IS NULL CREATE TABLE [tidemark].[snapshot] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, id nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, [number] bigint NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, run nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  taken_at datetime2(3) NOT NULL, [state] nvarchar(20) NOT NULL, previous nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL, [rows] bigint NOT NULL, new_rows bigint NOT NULL, changed_rows bigint NOT NULL,
  deleted_rows bigint NOT NULL, unchanged_rows bigint NOT NULL, schema_change nvarchar(max) NOT NULL, engine nvarchar(128) NOT NULL, [key] nvarchar(max) NOT NULL,
  compared nvarchar(max) NOT NULL, [columns] nvarchar(max) NOT NULL, image_bytes bigint NOT NULL, PRIMARY KEY CLUSTERED (store, flow, id));

-- hot side in the target
IF OBJECT_ID(N'[tidemark].[hot_row]') IS NULL CREATE TABLE [tidemark].[hot_row] (store nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, flow nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, snapshot nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, [key] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, row_hash nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  first_hash decimal(20, 0) NOT NULL, second_hash decimal(20, 0) NOT NULL, place bigint NOT NULL, PRIMARY KEY CLUSTERED (store, flow, snapshot, place));

-- hot side in the target
IF OBJECT_ID(N'[tidemark].[hot]') IS NULL EXEC (N'CREATE VIEW [tidemark].[hot] AS SELECT r.store, r.flow, r.snapshot, r.[key], r.row_hash, s.taken_at, s.scope, s.run, s.state
FROM [tidemark].[hot_row] AS r JOIN [tidemark].[snapshot] AS s ON s.store = r.store AND s.flow = r.flow AND s.id = r.snapshot');

-- hot side in the target
DELETE FROM [Office].[tidemark].[hot_row] WHERE store = N'STORE' AND flow = N'o''clock' AND snapshot IN (N's-old', N's-new');

-- hot side in the target
DELETE FROM [Office].[tidemark].[snapshot] WHERE store = N'STORE' AND flow = N'o''clock' AND id IN (N's-old', N's-new');

-- hot side in the target
UPDATE [Office].[tidemark].[snapshot] SET state = 'kept' WHERE store = N'STORE' AND flow = N'o''clock' AND id IN (N's-before');

-- hot side in the target
INSERT INTO [Office].[tidemark].[snapshot] (store, flow, [id], [number], [scope], [run], [taken_at], [state], [previous], [rows], [new_rows], [changed_rows], [deleted_rows], [unchanged_rows], [schema_change], [engine], [key], [compared], [columns], [image_bytes]) VALUES (N'STORE', N'o''clock', N'its id', N'its number', N'its scope', N'its run', N'its taken_at', N'its state', N'its previous', N'its rows', N'its new_rows', N'its changed_rows', N'its deleted_rows', N'its unchanged_rows', N'its schema_change', N'its engine', N'its key', N'its compared', N'its columns', N'its image_bytes');

-- hot side in the target
INSERT INTO [Office].[tidemark].[hot_row] ([store], [flow], [snapshot], [key], [row_hash], [first_hash], [second_hash], [place])
SELECT [m].[store], [m].[flow], [m].[snapshot], [m].[key], [m].[row_hash], [m].[first_hash], [m].[second_hash], [m].[place]
FROM (SELECT [b].[c1] AS [store], [b].[c2] AS [flow], [b].[c3] AS [snapshot], [b].[c4] AS [key], [b].[c5] AS [row_hash], CONVERT(decimal(20,0), [b].[c6]) AS [first_hash], CONVERT(decimal(20,0), [b].[c7]) AS [second_hash], CONVERT(bigint, [b].[c8]) AS [place], b.n AS [tidemark stage row] FROM (SELECT [a].[c1] AS [c1], [a].[c2] AS [c2], [a].[c3] AS [c3], CASE WHEN [a].[parts] IS NULL OR [a].[c4] IS NOT NULL THEN [a].[c4] ELSE CONVERT(nvarchar(max), (SELECT q.data FROM #tidemark_arrived_parts AS q WHERE q.of_row = [a].[parts] AND q.of_column = 3)) END AS [c4], [a].[c5] AS [c5], [a].[c6] AS [c6], [a].[c7] AS [c7], [a].[c8] AS [c8], a.n FROM #tidemark_arrived AS a) AS b) AS m;
