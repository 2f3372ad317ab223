-- table
CREATE TABLE [dbo].[orders] ([id] bigint NOT NULL, [line] nvarchar(4) NULL, [part] varbinary(8) NULL, [day] datetime2(6) NULL, [customer] nvarchar(20) NULL, [amount] decimal(12,2) NULL, [ratio] float NULL, PRIMARY KEY ([id]));

-- keys
SELECT [m].[id] AS [c1], [m].[tidemark deletable] AS [c2] FROM (SELECT [t].[id], CAST(CASE WHEN 1 = 1 THEN 1 ELSE 0 END AS bit) AS [tidemark deletable] FROM [Office].[dbo].[orders] AS t WHERE 1 = 1) AS m WHERE 1 = 1;

-- keys of a server of ours
SELECT [m].[id] AS [c1], [m].[tidemark deletable] AS [c2] FROM (SELECT [t].[id], CAST(CASE WHEN 1 = 1 THEN 1 ELSE 0 END AS bit) AS [tidemark deletable] FROM [Office].[dbo].[orders] AS t WHERE 1 = 1) AS m WHERE 1 = 1;

-- gone
DROP TABLE IF EXISTS #tidemark_arrived; DROP TABLE IF EXISTS #tidemark_arrived_parts;
CREATE TABLE #tidemark_arrived ([c1] nvarchar(4000) COLLATE Latin1_General_BIN2 NULL, [n] bigint NOT NULL);

-- gone
DROP TABLE IF EXISTS #tidemark_stage;

-- gone
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[id] AS [id], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Office].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[id] AS [id], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Office].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- gone
INSERT INTO #tidemark_stage ([id], [tidemark stage row])
SELECT [m].[id], m.[tidemark stage row]
FROM (SELECT CONVERT(bigint, [b].[c1]) AS [id], b.n AS [tidemark stage row] FROM #tidemark_arrived AS b) AS m;

-- delete
DELETE FROM t
FROM [Office].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) JOIN #tidemark_stage AS s ON [t].[id] = [s].[id]
WHERE 1 = 1;

-- verdict
DROP TABLE IF EXISTS #tidemark_verdict;

-- verdict
CREATE TABLE #tidemark_verdict (stage_row bigint NOT NULL, held int NULL, verdict varchar(8) NOT NULL);

-- verdict
INSERT INTO #tidemark_verdict (stage_row, held, verdict)
SELECT s.[tidemark stage row], NULL, CASE
  WHEN [t].[id] IS NULL THEN 'insert'
  ELSE 'tie'
END
FROM #tidemark_stage AS s
LEFT JOIN [Office].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[id] = [s].[id];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[line]), DATALENGTH(CONVERT(varbinary(8000), [t].[line])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[line]), DATALENGTH(CONVERT(varbinary(8000), [s].[line]))) AND EXISTS (SELECT [t].[part], DATALENGTH([t].[part]) INTERSECT SELECT [s].[part], DATALENGTH([s].[part])) AND EXISTS (SELECT [t].[day] INTERSECT SELECT [s].[day]) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[customer]), DATALENGTH(CONVERT(varbinary(8000), [t].[customer])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[customer]), DATALENGTH(CONVERT(varbinary(8000), [s].[customer]))) AND EXISTS (SELECT [t].[amount] INTERSECT SELECT [s].[amount]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[ratio])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[ratio]))) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Office].[dbo].[orders] AS t ON [t].[id] = [s].[id]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT q.stage_row, 'TM5011', CASE WHEN q.other IS NULL THEN N'another row of the batch has a key that the target holds equal' ELSE CONCAT(N'the target holds it equal to ', q.other) END
FROM (
  SELECT v.stage_row, CASE WHEN [t].[id] IS NOT NULL AND NOT (EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id])) THEN (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(20), [t].[id]), 'json'), N'\/', N'/') + N'"'), N'null') + N']') END AS other,
    ROW_NUMBER() OVER (PARTITION BY [s].[id] ORDER BY CASE WHEN EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id]) THEN 0 ELSE 1 END, v.stage_row) AS place
  FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
  LEFT JOIN [Office].[dbo].[orders] AS t ON [t].[id] = [s].[id]
) AS q WHERE q.other IS NOT NULL OR q.place > 1;

-- apply
UPDATE t SET [line] = [s].[line], [part] = [s].[part], [day] = [s].[day], [customer] = [s].[customer], [amount] = [s].[amount], [ratio] = [s].[ratio]
FROM [Office].[dbo].[orders] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[id] = [s].[id];

-- apply
INSERT INTO [Office].[dbo].[orders] ([id], [line], [part], [day], [customer], [amount], [ratio])
SELECT [s].[id], [s].[line], [s].[part], [s].[day], [s].[customer], [s].[amount], [s].[ratio]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert';
