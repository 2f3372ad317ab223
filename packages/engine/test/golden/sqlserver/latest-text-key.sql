-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[code] AS [k1], [m].[modified_on] AS p, CAST(32 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[code])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) AS bytes, 'w', 0
FROM [office].[dbo].[orders] AS m
WHERE [m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[code]);

-- stage
DROP TABLE IF EXISTS #tidemark_stage;

-- stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[code] AS [code], [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[code] AS [code], [t].[id] AS [id], [t].[name] AS [name], [t].[size] AS [size], [t].[at] AS [at], [t].[modified_on] AS [modified_on], CAST(NULL AS datetime2(7)) AS [tidemark position], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- stage
INSERT INTO #tidemark_stage ([code], [id], [name], [size], [at], [modified_on], [tidemark position], [tidemark stage row])
SELECT [m].[code], [m].[id], [m].[name], [m].[size], [m].[at], [m].[modified_on], [m].[modified_on], w.n
FROM [office].[dbo].[orders] AS m
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[code]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- verdict
DROP TABLE IF EXISTS #tidemark_verdict;

-- verdict
CREATE TABLE #tidemark_verdict (stage_row bigint NOT NULL, held datetime2(7) NULL, verdict varchar(8) NOT NULL);

-- verdict
INSERT INTO #tidemark_verdict (stage_row, held, verdict)
SELECT s.[tidemark stage row], NULL, CASE
  WHEN [t].[code] IS NULL THEN 'insert'
  WHEN s.[tidemark position] > [t].[modified_on] THEN 'update'
  WHEN s.[tidemark position] < [t].[modified_on] THEN 'older'
  ELSE 'tie'
END
FROM #tidemark_stage AS s
LEFT JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[code] = [s].[code];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id]) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at]))) AND EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t ON [t].[code] = [s].[code]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT q.stage_row, 'TM5011', CASE WHEN q.other IS NULL THEN N'another row of the batch has a key that the target holds equal' ELSE CONCAT(N'the target holds it equal to ', q.other) END
FROM (
  SELECT v.stage_row, CASE WHEN [t].[code] IS NOT NULL AND NOT (EXISTS (SELECT CONVERT(varbinary(8000), [t].[code]), DATALENGTH(CONVERT(varbinary(8000), [t].[code])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[code]), DATALENGTH(CONVERT(varbinary(8000), [s].[code])))) THEN (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE([t].[code] COLLATE Latin1_General_BIN2, 'json'), N'\/', N'/') + N'"'), N'null') + N']') END AS other,
    ROW_NUMBER() OVER (PARTITION BY [s].[code] ORDER BY CASE WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[code]), DATALENGTH(CONVERT(varbinary(8000), [t].[code])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[code]), DATALENGTH(CONVERT(varbinary(8000), [s].[code]))) THEN 0 ELSE 1 END, v.stage_row) AS place
  FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
  LEFT JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t ON [t].[code] = [s].[code]
) AS q WHERE q.other IS NOT NULL OR q.place > 1;

-- apply
UPDATE t SET [id] = [s].[id], [name] = [s].[name], [size] = [s].[size], [at] = [s].[at], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[code] = [s].[code];

-- apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([code], [id], [name], [size], [at], [modified_on])
SELECT [s].[code], [s].[id], [s].[name], [s].[size], [s].[at], [s].[modified_on]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert';
