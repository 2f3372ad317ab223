-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[id] AS [k1], CAST(NULL AS int) AS p, CAST(32 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) AS bytes, 'w', 0
FROM [office].[dbo].[orders] AS m
WHERE 1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE [t].[id] = [m].[id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[id]);

-- stage
DROP TABLE IF EXISTS #tidemark_stage;

-- stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- stage
INSERT INTO #tidemark_stage ([id], [name], [size], [at], [modified_on], [tidemark stage row])
SELECT [m].[id], [m].[name], [m].[size], [m].[at], [m].[modified_on], w.n
FROM [office].[dbo].[orders] AS m
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[id]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- apply, max_dop 4
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([id], [name], [size], [at], [modified_on])
SELECT [s].[id], [s].[name], [s].[size], [s].[at], [s].[modified_on]
FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) WHERE [t].[id] = [s].[id])
OPTION (MAXDOP 4);
