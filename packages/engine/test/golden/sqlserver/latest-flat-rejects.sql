-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[id] AS [k1], [m].[modified_on] AS p, CAST(32 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) AS bytes, 'w', 0
FROM [office].[dbo].[orders] AS m
WHERE [m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND 1 = 1
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

-- verdict
DROP TABLE IF EXISTS #tidemark_verdict;

-- verdict
CREATE TABLE #tidemark_verdict (stage_row bigint NOT NULL, held datetime2(7) NULL, verdict varchar(8) NOT NULL);

-- verdict
INSERT INTO #tidemark_verdict (stage_row, held, verdict)
SELECT s.[tidemark stage row], NULL, CASE
  WHEN [t].[id] IS NULL THEN 'insert'
  WHEN s.[tidemark position] > [t].[modified_on] THEN 'update'
  WHEN s.[tidemark position] < [t].[modified_on] THEN 'older'
  ELSE 'tie'
END
FROM #tidemark_stage AS s
LEFT JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[id] = [s].[id];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at]))) AND EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t ON [t].[id] = [s].[id]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.[tidemark stage row], 'TM5009', CASE WHEN [s].[name] IS NULL THEN N'name: NULL, and the target''s column takes none' END
FROM #tidemark_stage AS s WHERE [s].[name] IS NULL;

-- rejects
WITH judged AS (
  SELECT s.*, v.stage_row, v.verdict FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
), landing AS (
  SELECT s.*, [s].[name] AS [u1] FROM judged AS s WHERE s.verdict IN ('insert', 'update')
), held AS (
  SELECT DISTINCT [t].[name] AS [u1] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE EXISTS (SELECT [t].[name] INTERSECT SELECT [l].[u1]))
    AND NOT EXISTS (SELECT 1 FROM judged AS q WHERE q.verdict = 'update' AND [t].[id] = [q].[id])
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t ON [t].[id] = [l].[id] AND EXISTS (SELECT [t].[name] INTERSECT SELECT [l].[u1])
), ranked AS (
  SELECT l.*, ROW_NUMBER() OVER (PARTITION BY [u1] ORDER BY CASE WHEN o.stage_row IS NULL THEN 1 ELSE 0 END, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.stage_row, 'TM5010', CONCAT(N'name', N' ', LEFT((N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE([s].[name] COLLATE Latin1_General_BIN2, 'json'), N'\/', N'/') + N'"'), N'null') + N']'), 80), N' is held by another row')
FROM ranked AS s WHERE s.place > 1 OR EXISTS (SELECT 1 FROM held AS h WHERE EXISTS (SELECT h.[u1] INTERSECT SELECT s.[u1]));

-- rejects
WITH judged AS (
  SELECT s.*, v.stage_row, v.verdict FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
), landing AS (
  SELECT s.*, [s].[size] AS [u1], [s].[at] AS [u2] FROM judged AS s WHERE s.verdict IN ('insert', 'update')
), held AS (
  SELECT DISTINCT [t].[size] AS [u1], [t].[at] AS [u2] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE EXISTS (SELECT [t].[size] INTERSECT SELECT [l].[u1]) AND EXISTS (SELECT [t].[at] INTERSECT SELECT [l].[u2]))
    AND NOT EXISTS (SELECT 1 FROM judged AS q WHERE q.verdict = 'update' AND [t].[id] = [q].[id])
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN [Gwent_LA_FileTable].[dbo].[orders] AS t ON [t].[id] = [l].[id] AND EXISTS (SELECT [t].[size] INTERSECT SELECT [l].[u1]) AND EXISTS (SELECT [t].[at] INTERSECT SELECT [l].[u2])
), ranked AS (
  SELECT l.*, ROW_NUMBER() OVER (PARTITION BY [u1], [u2] ORDER BY CASE WHEN o.stage_row IS NULL THEN 1 ELSE 0 END, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.stage_row, 'TM5010', CONCAT(N'size, at', N' ', LEFT((N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(41), [s].[size]), 'json'), N'\/', N'/') + N'"'), N'null') + N',' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LTRIM(RTRIM(CONVERT(nvarchar(30), [s].[at], 3))), 'json'), N'\/', N'/') + N'"'), N'null') + N']'), 80), N' is held by another row')
FROM ranked AS s WHERE s.place > 1 OR EXISTS (SELECT 1 FROM held AS h WHERE EXISTS (SELECT h.[u1] INTERSECT SELECT s.[u1]) AND EXISTS (SELECT h.[u2] INTERSECT SELECT s.[u2]));

-- apply
UPDATE t SET [name] = [s].[name], [size] = [s].[size], [at] = [s].[at], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[id] = [s].[id];

-- apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([id], [name], [size], [at], [modified_on])
SELECT [s].[id], [s].[name], [s].[size], [s].[at], [s].[modified_on]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert';
