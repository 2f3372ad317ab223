-- tally
SELECT (SELECT COUNT_BIG(*) FROM (SELECT DISTINCT [m].[code] AS [k1] FROM [office].[dbo].[orders] AS m WHERE ([m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND [m].[name] IN (SELECT q.v FROM OPENJSON(N'["a"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Turkish_CI_AS) <= 400 THEN CONVERT(nvarchar(200), l.[value] COLLATE Turkish_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL) AND NOT ([m].[code] IN (SELECT q.v FROM OPENJSON(N'["x"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Greek_CI_AS) <= 40 THEN CONVERT(nvarchar(20), l.[value] COLLATE Greek_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL))) OR ([m].[code] IN (SELECT q.v FROM OPENJSON(N'["y"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Greek_CI_AS) <= 40 THEN CONVERT(nvarchar(20), l.[value] COLLATE Greek_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL) AND (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE([m].[code] COLLATE Latin1_General_BIN2, 'json'), N'\/', N'/') + N'"'), N'null') + N']') IN (SELECT q.v FROM OPENJSON(N'["[\"y\"]"]') AS l CROSS APPLY (SELECT l.[value] AS v) AS q WHERE q.v IS NOT NULL) AND [m].[name] IN (SELECT q.v FROM OPENJSON(N'["a"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Turkish_CI_AS) <= 400 THEN CONVERT(nvarchar(200), l.[value] COLLATE Turkish_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL) AND NOT ([m].[code] IN (SELECT q.v FROM OPENJSON(N'["x"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Greek_CI_AS) <= 40 THEN CONVERT(nvarchar(20), l.[value] COLLATE Greek_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL)))) AS q), y.n, y.newest, (SELECT COUNT_BIG(*) FROM [office].[dbo].[orders] AS m WHERE [m].[name] IN (SELECT q.v FROM OPENJSON(N'["a"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Turkish_CI_AS) <= 400 THEN CONVERT(nvarchar(200), l.[value] COLLATE Turkish_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL) AND NOT ([m].[code] IN (SELECT q.v FROM OPENJSON(N'["x"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Greek_CI_AS) <= 40 THEN CONVERT(nvarchar(20), l.[value] COLLATE Greek_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL)) AND [m].[modified_on] IS NULL)
FROM (SELECT COUNT_BIG(*) AS n, CONVERT(nvarchar(27), MAX([m].[modified_on]), 121) AS newest FROM [office].[dbo].[orders] AS m WHERE [m].[name] IN (SELECT q.v FROM OPENJSON(N'["a"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Turkish_CI_AS) <= 400 THEN CONVERT(nvarchar(200), l.[value] COLLATE Turkish_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL) AND NOT ([m].[code] IN (SELECT q.v FROM OPENJSON(N'["x"]') AS l CROSS APPLY (SELECT CASE WHEN DATALENGTH(l.[value] COLLATE Greek_CI_AS) <= 40 THEN CONVERT(nvarchar(20), l.[value] COLLATE Greek_CI_AS) END AS v) AS q WHERE q.v IS NOT NULL)) AND [m].[modified_on] > CONVERT(datetime2(7), N'UP_TO', 121)) AS y;

-- target
CREATE TABLE [dbo].[target] ([code] nvarchar(20) NOT NULL, [id] bigint NULL, [name] nvarchar(200) NULL, [size] decimal(38,10) NULL, [at] float NULL, [modified_on] datetime2(7) NULL, PRIMARY KEY ([code]));

-- target
IF OBJECT_ID(N'[Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__orders]') IS NULL CREATE TABLE [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__orders] ([code] nvarchar(20) COLLATE Latin1_General_CI_AS NOT NULL, [position] datetime2(7) NOT NULL, PRIMARY KEY ([code]));

-- target
IF OBJECT_ID(N'[tidemark].[view]') IS NULL EXEC (N'CREATE VIEW [tidemark].[view] AS SELECT t.*, p.[position] FROM [Gwent_LA_FileTable].[dbo].[orders] AS t LEFT JOIN [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__orders] AS p ON [p].[code] = [t].[code]');

-- replace
SELECT COUNT_BIG(CASE WHEN b.[code] IS NULL THEN 1 END), COUNT_BIG(*)
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t LEFT JOIN [Gwent_LA_FileTable].[dbo].[beside] AS b ON [b].[code] = [t].[code];

-- replace
DELETE FROM t FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[beside] AS s WHERE [t].[code] = [s].[code]);

-- replace
UPDATE t SET [id] = [s].[id], [name] = [s].[name], [size] = [s].[size], [at] = [s].[at], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t JOIN [Gwent_LA_FileTable].[dbo].[beside] AS s ON [t].[code] = [s].[code] WHERE NOT (EXISTS (SELECT [t].[id] INTERSECT SELECT [s].[id])) OR NOT (EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name])))) OR NOT (EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size])) OR NOT (EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at])))) OR NOT (EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]));

-- replace
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([code], [id], [name], [size], [at], [modified_on]) SELECT [code], [id], [name], [size], [at], [modified_on] FROM [Gwent_LA_FileTable].[dbo].[beside] AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE [t].[code] = [s].[code]);

-- replace
DROP TABLE [Gwent_LA_FileTable].[dbo].[beside];
