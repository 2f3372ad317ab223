-- table
CREATE TABLE [dbo].[orders] ([id] bigint NOT NULL, [line] nvarchar(4) NOT NULL, [part] varbinary(8) NOT NULL, [day] datetime2(6) NOT NULL, [customer] nvarchar(20) NULL, [amount] decimal(12,2) NULL, [ratio] float NULL, PRIMARY KEY ([id], [line], [part], [day]));

-- keys
SELECT [m].[id] AS [c1], [m].[line] AS [c2], [m].[part] AS [c3], CONVERT(nvarchar(27), [m].[day], 121) AS [c4], [m].[tidemark deletable] AS [c5] FROM (SELECT [t].[id], [t].[line], [t].[part], [t].[day], CAST(CASE WHEN [t].[customer] = CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END AND CONVERT(varbinary(8000), [t].[customer]) = CONVERT(varbinary(8000), CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END) AND DATALENGTH(CONVERT(varbinary(8000), [t].[customer])) = DATALENGTH(CONVERT(varbinary(8000), CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END)) AND NOT ([t].[id] IN (SELECT CONVERT(bigint, l.[value]) FROM OPENJSON(N'["77"]') AS l)) THEN 1 ELSE 0 END AS bit) AS [tidemark deletable] FROM [Office].[dbo].[orders] AS t WHERE 1 = 1) AS m WHERE 1 = 1;

-- keys of a server of ours
SELECT [m].[id] AS [c1], [m].[line] AS [c2], [m].[part] AS [c3], CONVERT(nvarchar(27), [m].[day], 121) AS [c4], [m].[tidemark deletable] AS [c5] FROM (SELECT [t].[id], [t].[line], [t].[part], [t].[day], CAST(CASE WHEN [t].[customer] = CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END AND NOT ([t].[id] IN (SELECT CONVERT(bigint, l.[value]) FROM OPENJSON(N'["77"]') AS l)) THEN 1 ELSE 0 END AS bit) AS [tidemark deletable] FROM [Office].[dbo].[orders] AS t WHERE 1 = 1) AS m WHERE 1 = 1;

-- gone
DROP TABLE IF EXISTS #tidemark_arrived; DROP TABLE IF EXISTS #tidemark_arrived_parts;
CREATE TABLE #tidemark_arrived ([c1] nvarchar(4000) COLLATE Latin1_General_BIN2 NULL, [c2] nvarchar(4000) COLLATE Latin1_General_BIN2 NULL, [c3] varbinary(8000) NULL, [c4] nvarchar(4000) COLLATE Latin1_General_BIN2 NULL, [parts] nvarchar(20) COLLATE Latin1_General_BIN2 NULL, [n] bigint NOT NULL);
CREATE TABLE #tidemark_arrived_parts (of_row nvarchar(20) COLLATE Latin1_General_BIN2 NOT NULL, of_column int NOT NULL, data varbinary(max) NOT NULL, PRIMARY KEY (of_row, of_column));

-- gone
DROP TABLE IF EXISTS #tidemark_stage;

-- gone
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[id] AS [id], [t].[line] AS [line], [t].[part] AS [part], [t].[day] AS [day], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Office].[dbo].[orders] AS t WHERE 1 = 0 UNION ALL SELECT [t].[id] AS [id], [t].[line] AS [line], [t].[part] AS [part], [t].[day] AS [day], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Office].[dbo].[orders] AS t WHERE 1 = 0) AS q;

-- gone
INSERT INTO #tidemark_stage ([id], [line], [part], [day], [tidemark stage row])
SELECT [m].[id], [m].[line], [m].[part], [m].[day], m.[tidemark stage row]
FROM (SELECT CONVERT(bigint, [b].[c1]) AS [id], [b].[c2] AS [line], CONVERT(varbinary(8), [b].[c3]) AS [part], CONVERT(datetime2(6), [b].[c4], 121) AS [day], b.n AS [tidemark stage row] FROM (SELECT [a].[c1] AS [c1], [a].[c2] AS [c2], CASE WHEN [a].[parts] IS NULL OR [a].[c3] IS NOT NULL THEN [a].[c3] ELSE (SELECT q.data FROM #tidemark_arrived_parts AS q WHERE q.of_row = [a].[parts] AND q.of_column = 2) END AS [c3], [a].[c4] AS [c4], a.n FROM #tidemark_arrived AS a) AS b) AS m;

-- delete
DELETE FROM t
FROM [Office].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) JOIN #tidemark_stage AS s ON [t].[id] = [s].[id] AND [t].[line] = [s].[line] AND [t].[part] = [s].[part] AND [t].[day] = [s].[day]
WHERE CONVERT(varbinary(8000), [t].[line]) = CONVERT(varbinary(8000), [s].[line]) AND DATALENGTH(CONVERT(varbinary(8000), [t].[line])) = DATALENGTH(CONVERT(varbinary(8000), [s].[line])) AND [t].[part] = [s].[part] AND DATALENGTH([t].[part]) = DATALENGTH([s].[part]) AND [t].[customer] = CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END AND CONVERT(varbinary(8000), [t].[customer]) = CONVERT(varbinary(8000), CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END) AND DATALENGTH(CONVERT(varbinary(8000), [t].[customer])) = DATALENGTH(CONVERT(varbinary(8000), CASE WHEN DATALENGTH(N'alder') <= 40 THEN CONVERT(nvarchar(20), N'alder') END));

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
LEFT JOIN [Office].[dbo].[orders] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[id] = [s].[id] AND [t].[line] = [s].[line] AND [t].[part] = [s].[part] AND [t].[day] = [s].[day];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT CONVERT(varbinary(8000), [t].[customer]), DATALENGTH(CONVERT(varbinary(8000), [t].[customer])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[customer]), DATALENGTH(CONVERT(varbinary(8000), [s].[customer]))) AND EXISTS (SELECT [t].[amount] INTERSECT SELECT [s].[amount]) AND EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[ratio])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[ratio]))) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Office].[dbo].[orders] AS t ON [t].[id] = [s].[id] AND [t].[line] = [s].[line] AND [t].[part] = [s].[part] AND [t].[day] = [s].[day]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT q.stage_row, 'TM5011', CASE WHEN q.other IS NULL THEN N'another row of the batch has a key that the target holds equal' ELSE CONCAT(N'the target holds it equal to ', q.other) END
FROM (
  SELECT v.stage_row, CASE WHEN [t].[id] IS NOT NULL AND NOT (EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id]) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[line]), DATALENGTH(CONVERT(varbinary(8000), [t].[line])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[line]), DATALENGTH(CONVERT(varbinary(8000), [s].[line]))) AND EXISTS (SELECT [t].[part], DATALENGTH([t].[part]) INTERSECT SELECT [s].[part], DATALENGTH([s].[part])) AND EXISTS (SELECT [t].[day] INTERSECT SELECT [s].[day])) THEN (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(20), [t].[id]), 'json'), N'\/', N'/') + N'"'), N'null') + N',' + ISNULL((N'"' + REPLACE(STRING_ESCAPE([t].[line] COLLATE Latin1_General_BIN2, 'json'), N'\/', N'/') + N'"'), N'null') + N',' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(18), [t].[part], 1), 'json'), N'\/', N'/') + N'"'), N'null') + N',' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(27), [t].[day], 121), 'json'), N'\/', N'/') + N'"'), N'null') + N']') END AS other,
    ROW_NUMBER() OVER (PARTITION BY [s].[id], [s].[line], [s].[part], [s].[day] ORDER BY CASE WHEN EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id]) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[line]), DATALENGTH(CONVERT(varbinary(8000), [t].[line])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[line]), DATALENGTH(CONVERT(varbinary(8000), [s].[line]))) AND EXISTS (SELECT [t].[part], DATALENGTH([t].[part]) INTERSECT SELECT [s].[part], DATALENGTH([s].[part])) AND EXISTS (SELECT [t].[day] INTERSECT SELECT [s].[day]) THEN 0 ELSE 1 END, v.stage_row) AS place
  FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
  LEFT JOIN [Office].[dbo].[orders] AS t ON [t].[id] = [s].[id] AND [t].[line] = [s].[line] AND [t].[part] = [s].[part] AND [t].[day] = [s].[day]
) AS q WHERE q.other IS NOT NULL OR q.place > 1;

-- apply
UPDATE t SET [customer] = [s].[customer], [amount] = [s].[amount], [ratio] = [s].[ratio]
FROM [Office].[dbo].[orders] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[id] = [s].[id] AND [t].[line] = [s].[line] AND [t].[part] = [s].[part] AND [t].[day] = [s].[day];

-- apply
INSERT INTO [Office].[dbo].[orders] ([id], [line], [part], [day], [customer], [amount], [ratio])
SELECT [s].[id], [s].[line], [s].[part], [s].[day], [s].[customer], [s].[amount], [s].[ratio]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert';
