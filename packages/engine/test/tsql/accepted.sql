-- update under locks
UPDATE t SET t.[path] = s.[path], t.[size] = s.[size], t.[odd]]name] = s.[odd]]name]
OUTPUT inserted.[id], deleted.[size] INTO @done ([id], [size])
FROM [archive].[dbo].[dst] AS t WITH (UPDLOCK, HOLDLOCK)
JOIN #tidemark_stage AS s ON s.[id] = t.[id]
WHERE CASE WHEN s.[tidemark position] > t.[modified_on] THEN 1 WHEN s.[tidemark position] < t.[modified_on] THEN 0
  WHEN EXISTS (SELECT s.[path] COLLATE Latin1_General_100_BIN2, s.[size] INTERSECT SELECT t.[path] COLLATE Latin1_General_100_BIN2, t.[size]) THEN 0 ELSE 1 END = 1
OPTION (MAXDOP 1);

-- insert what is missing
INSERT INTO [archive].[dbo].[dst] WITH (TABLOCK) ([id], [path])
SELECT s.[id], s.[path] FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [archive].[dbo].[dst] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[id] = s.[id])
OPTION (MAXDOP 1);

-- identity
SET IDENTITY_INSERT [dbo].[dst] ON;
INSERT INTO [dbo].[dst] ([id]) OUTPUT inserted.[id] VALUES (CAST(@p1 AS bigint)), (CAST(@p2 AS bigint));
SET IDENTITY_INSERT [dbo].[dst] OFF;

-- delete
DELETE t OUTPUT deleted.[id] INTO #gone ([id]) FROM [dbo].[dst] AS t WHERE NOT EXISTS (SELECT 1 FROM #tidemark_stage AS s WHERE s.[id] = t.[id]);

-- delete in parts
DELETE TOP (1000) FROM [dbo].[marker] WHERE [run] < @p1;

-- first rows
SELECT TOP (5) m.[id], m.[modified_on] FROM [dbo].[src] AS m WHERE m.[modified_on] > CAST(@p1 AS datetime2(7)) ORDER BY m.[modified_on], m.[id];

-- ancestors
WITH up ([id], [parent], [depth]) AS (
  SELECT m.[id], m.[parent], 0 FROM [dbo].[src] AS m WHERE m.[id] IN (SELECT k.[id] FROM #keys AS k)
  UNION ALL
  SELECT p.[id], p.[parent], u.[depth] + 1 FROM [dbo].[src] AS p JOIN up AS u ON p.[id] = u.[parent]
)
INSERT INTO #ancestor ([id], [depth]) SELECT u.[id], MAX(u.[depth]) FROM up AS u GROUP BY u.[id] OPTION (MAXRECURSION 0, MAXDOP 1);

-- four parts
SELECT m.[id] FROM [far server].[office].[dbo].[src] AS m JOIN [office]..[meta] AS j ON j.[id] = m.[id] LEFT JOIN [dbo].[unit] AS b ON b.[id] = j.[unit];

-- json
INSERT INTO #keys ([id], [at]) SELECT j.[id], CAST(j.[at] AS datetime2(7)) FROM OPENJSON(@p1) WITH ([id] bigint '$.id', [at] nvarchar(33) '$.at', [rest] nvarchar(max) '$.rest' AS JSON) AS j;
SELECT j.[key], JSON_VALUE(j.[value], '$.a') AS [a] FROM OPENJSON(@p1) AS j WHERE ISJSON(j.[value]) = 1;

-- values as text
SELECT CONVERT(varchar(33), m.[at], 121) AS [at], CONVERT(varchar(max), m.[bytes], 2) AS [bytes], CONVERT(char(36), m.[id]) AS [id],
  CAST(CAST(m.[version] AS bigint) AS varchar(20)) AS [version], TRY_CAST(m.[n] AS decimal(38, 10)) AS [n]
FROM [dbo].[src] AS m WHERE m.[name] COLLATE Latin1_General_100_BIN2 = @p1 COLLATE Latin1_General_100_BIN2 ORDER BY m.[name] COLLATE Latin1_General_100_BIN2;

-- file table
SELECT x.[path_locator].ToString() AS [path], x.[path_locator].GetLevel() AS [depth], hierarchyid::GetRoot().ToString() AS [root] FROM [dbo].[docs] AS x
WHERE x.[path_locator].IsDescendantOf(CAST(@p1 AS hierarchyid)) = 1 AND x.[path_locator].GetAncestor(1) = hierarchyid::Parse(@p2) AND x.[parent_path_locator] <> hierarchyid::GetRoot();

-- move a folder
UPDATE t SET [path_locator] = t.[path_locator].GetReparentedValue(CAST(@p1 AS hierarchyid), CAST(@p2 AS hierarchyid)) FROM [dbo].[docs] AS t;

-- write a piece
UPDATE [dbo].[docs] SET [file_stream].WRITE(CONVERT(varbinary(max), @p1, 2), NULL, NULL) WHERE [stream_id] = CAST(@p2 AS uniqueidentifier);

-- clock and ceiling
SELECT CONVERT(varchar(20), CAST(MIN_ACTIVE_ROWVERSION() AS bigint)), CONVERT(varchar(27), SYSUTCDATETIME(), 121), @@SPID, XACT_STATE(), DATEDIFF_BIG(microsecond, m.[a], m.[b]), SYSDATETIME() AT TIME ZONE N'Central European Standard Time' FROM [dbo].[src] AS m;

-- session
SET XACT_ABORT ON; SET NOCOUNT ON; SET QUOTED_IDENTIFIER ON; SET LANGUAGE us_english; SET DATEFORMAT ymd; SET LOCK_TIMEOUT 5000;
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;

-- fence
SELECT f.[token] FROM [tidemark].[fence] AS f WITH (REPEATABLEREAD, ROWLOCK, READCOMMITTEDLOCK) WHERE f.[flow] = @p1;

-- temporary table
DROP TABLE IF EXISTS #tidemark_stage;
CREATE TABLE #tidemark_stage ([row] int IDENTITY(1,1) NOT NULL, [id] bigint NOT NULL, [name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL, [money] money NULL, [at] datetimeoffset(7) NULL, [path] hierarchyid NULL, [doc] xml NULL, PRIMARY KEY CLUSTERED ([row]));
CREATE UNIQUE INDEX [ix] ON #tidemark_stage ([id]) INCLUDE ([name]) WHERE [name] IS NOT NULL;

-- table with defaults
CREATE TABLE [tidemark].[run] ([id] bigint NOT NULL, [at] nvarchar(30) NOT NULL CONSTRAINT [df_at] DEFAULT (STUFF(CONVERT(nvarchar(23), CAST(SYSUTCDATETIME() AS datetime2(3)), 121), 11, 1, N'T') + N'Z'), [n] int NOT NULL DEFAULT (0), [m] int NOT NULL DEFAULT 1);

-- row as a document
SELECT (SELECT d.[id], d.[spec] FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES) AS [before] FROM deleted AS d;

-- copy of a table's shape
SELECT TOP (0) m.[id], CAST(m.[name] AS nvarchar(max)) AS [name] INTO #shape FROM [dbo].[src] AS m;

-- table variable
DECLARE @done table ([id] bigint NOT NULL PRIMARY KEY, [size] int NULL);
DECLARE @n int = 0, @text nvarchar(max) = N'it''s';
SET @n += 1;
SELECT @n = COUNT_BIG(*) FROM @done AS d;

-- conditions
IF NOT EXISTS (SELECT 1 FROM sys.tables AS t WHERE t.[name] = N'dst') BEGIN DROP TABLE [dbo].[dst]; END ELSE BEGIN PRINT N'there'; END;
WHILE @n < 5 BEGIN SET @n = @n + 1; IF @@ROWCOUNT = 0 BREAK; END;

-- a transaction of its own
BEGIN TRY
  BEGIN TRANSACTION;
  INSERT INTO [tidemark].[marker] ([run], [batch]) VALUES (@p1, @p2);
  IF @@ROWCOUNT = 0 THROW 51000, N'the lease is lost', 1;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

-- refuse
THROW 51000, @p1, 1;

-- procedures
EXEC sp_getapplock @Resource = N'tidemark', @LockMode = N'Exclusive', @LockTimeout = 0;
EXEC sp_executesql N'SELECT m.[id] FROM [dbo].[src] AS m WHERE m.[id] = @id', N'@id bigint', @id = 5;
EXEC sp_rename N'[dbo].[dst_new]', N'dst', N'OBJECT';

-- windows
SELECT m.[id], ROW_NUMBER() OVER (PARTITION BY m.[id] ORDER BY m.[at] DESC) AS [n], LAG(m.[id]) OVER (ORDER BY m.[id]) AS [before],
  SUM(CAST(m.[bytes] AS bigint)) OVER (PARTITION BY m.[unit] ORDER BY m.[id] ROWS UNBOUNDED PRECEDING) AS [bytes], COUNT(*) OVER () AS [all] FROM [dbo].[src] AS m;

-- newest of each
WITH ranked AS (SELECT s.[id], ROW_NUMBER() OVER (PARTITION BY s.[id] ORDER BY s.[at] DESC) AS [n] FROM #tidemark_stage AS s) DELETE FROM ranked WHERE [n] > 1;

-- lists
SELECT u.[id], v.[a] FROM [dbo].[unit] AS u CROSS APPLY (SELECT MAX(q.[x]) AS [n] FROM (VALUES (u.[a]), (u.[b])) AS q ([x])) AS w JOIN (VALUES (1, N'x'), (2, NULL)) AS v ([a], [b]) ON v.[a] = w.[n];
SELECT STUFF((SELECT N',' + m.[name] FROM [dbo].[src] AS m ORDER BY m.[name] FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)'), 1, 1, N'') AS [names];

-- as a person writes it
select top 10 x.Id, Coalesce(x.Name, '') as Name from office.dbo.src x inner join archive.dbo.dst y on y.Id = x.Id where x.Name like 'a%' escape '\' and x.Id <> 5 order by x.Id desc
update dst set Name = 'b' where Id = 1
declare @rows int
