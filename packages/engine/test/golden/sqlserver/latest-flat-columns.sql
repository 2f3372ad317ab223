-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[id] AS [k1], [m].[modified_on] AS p, CAST(40 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) AS bytes, 'w', 0
FROM [office].[dbo].[orders] AS m
WHERE [m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[id]);

-- stage
DROP TABLE IF EXISTS #tidemark_stage;

-- stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[id] AS [id], [t].[place] AS [place], [t].[size] AS [size], [t].[at] AS [at], [t].[site] AS [site], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS nvarchar(400)) AS [tidemark unfit], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[id] AS [id], [t].[place] AS [place], [t].[size] AS [size], [t].[at] AS [at], [t].[site] AS [site], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS nvarchar(400)) AS [tidemark unfit], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- stage
INSERT INTO #tidemark_stage ([id], [place], [size], [at], [site], [modified_on], [tidemark position], [tidemark unfit], [tidemark stage row])
SELECT [m].[id], CASE WHEN [m].[name] IS NULL THEN NULL ELSE CONVERT(nvarchar(200), N'[gone]') END, CASE WHEN CONVERT(decimal(38,10), TRY_CONVERT(decimal(10,2), [m].[size])) = [m].[size] THEN TRY_CONVERT(decimal(10,2), [m].[size]) END, CAST(NULL AS float), CONVERT(nvarchar(10), N'ea''st'), [m].[modified_on], [m].[modified_on], CASE WHEN ([m].[size] IS NOT NULL AND CASE WHEN CONVERT(decimal(38,10), TRY_CONVERT(decimal(10,2), [m].[size])) = [m].[size] THEN TRY_CONVERT(decimal(10,2), [m].[size]) END IS NULL) THEN CONCAT(N'size: ', (N'"' + REPLACE(STRING_ESCAPE(LEFT(CONVERT(nvarchar(41), [m].[size]), 40), 'json'), N'\/', N'/') + N'"'), N' is not exactly decimal(10,2)') END, w.n
FROM [office].[dbo].[orders] AS m
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[id]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.[tidemark stage row], CASE WHEN s.[tidemark unfit] IS NULL THEN 'TM5009' ELSE 'TM4031' END, CASE WHEN s.[tidemark unfit] IS NOT NULL THEN s.[tidemark unfit] END
FROM #tidemark_stage AS s WHERE s.[tidemark unfit] IS NOT NULL;

-- apply
UPDATE t SET [place] = [s].[place], [size] = [s].[size], [at] = [s].[at], [site] = [s].[site], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) JOIN #tidemark_stage AS s ON [t].[id] = [s].[id]
WHERE CASE WHEN s.[tidemark position] > [t].[modified_on] THEN 1 WHEN s.[tidemark position] < [t].[modified_on] THEN 0 WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[place]), DATALENGTH(CONVERT(varbinary(8000), [t].[place])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[place]), DATALENGTH(CONVERT(varbinary(8000), [s].[place]))) AND EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at]))) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[site]), DATALENGTH(CONVERT(varbinary(8000), [t].[site])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[site]), DATALENGTH(CONVERT(varbinary(8000), [s].[site]))) AND EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]) THEN 0 ELSE 1 END = 1;

-- apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([id], [place], [size], [at], [site], [modified_on])
SELECT [s].[id], [s].[place], [s].[size], [s].[at], [s].[site], [s].[modified_on]
FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) WHERE [t].[id] = [s].[id]);
