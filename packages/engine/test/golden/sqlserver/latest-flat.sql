-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[id] AS [k1], [m].[modified_on] AS p, CAST(32 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) AS bytes, 'w', 0
FROM [office].[dbo].[orders] AS m
WHERE [m].[modified_on] > CONVERT(datetime2(7), N'2026-02-28', 121) AND [m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[id]);

-- stage
DROP TABLE IF EXISTS #tidemark_stage;

-- stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- stage
INSERT INTO #tidemark_stage ([id], [name], [size], [at], [modified_on], [tidemark position], [tidemark stage row])
SELECT [m].[id], [m].[name], [m].[size], [m].[at], [m].[modified_on], [m].[modified_on], w.n
FROM [office].[dbo].[orders] AS m
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[id]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- apply
UPDATE t SET [name] = [s].[name], [size] = [s].[size], [at] = [s].[at], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) JOIN #tidemark_stage AS s ON [t].[id] = [s].[id]
WHERE CASE WHEN s.[tidemark position] > [t].[modified_on] THEN 1 WHEN s.[tidemark position] < [t].[modified_on] THEN 0 WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at]))) AND EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]) THEN 0 ELSE 1 END = 1;

-- apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([id], [name], [size], [at], [modified_on])
SELECT [s].[id], [s].[name], [s].[size], [s].[at], [s].[modified_on]
FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) WHERE [t].[id] = [s].[id]);
