-- tally
SELECT (SELECT COUNT_BIG(*) FROM [office].[dbo].[orders] AS m WHERE [m].[modified_on] > CONVERT(datetime2(7), N'2026-02-28', 121) AND [m].[modified_on] <= CONVERT(datetime2(7), N'UP_TO', 121) AND 1 = 1), y.n, y.newest, (SELECT COUNT_BIG(*) FROM [office].[dbo].[orders] AS m WHERE 1 = 1 AND [m].[modified_on] IS NULL)
FROM (SELECT COUNT_BIG(*) AS n, CONVERT(nvarchar(27), MAX([m].[modified_on]), 121) AS newest FROM [office].[dbo].[orders] AS m WHERE 1 = 1 AND [m].[modified_on] > CONVERT(datetime2(7), N'UP_TO', 121)) AS y;

-- target
CREATE TABLE [dbo].[target] ([id] bigint NOT NULL, [name] nvarchar(200) NULL, [size] decimal(38,10) NULL, [at] float NULL, [modified_on] datetime2(7) NULL, PRIMARY KEY ([id]));

-- replace
SELECT COUNT_BIG(CASE WHEN b.[id] IS NULL THEN 1 END), COUNT_BIG(*)
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t LEFT JOIN [Gwent_LA_FileTable].[dbo].[beside] AS b ON [b].[id] = [t].[id];

-- replace
DELETE FROM t FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[beside] AS s WHERE [t].[id] = [s].[id]);

-- replace
UPDATE t SET [name] = [s].[name], [size] = [s].[size], [at] = [s].[at], [modified_on] = [s].[modified_on]
FROM [Gwent_LA_FileTable].[dbo].[orders] AS t JOIN [Gwent_LA_FileTable].[dbo].[beside] AS s ON [t].[id] = [s].[id] WHERE NOT (EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name])))) OR NOT (EXISTS (SELECT [t].[size] INTERSECT SELECT [s].[size])) OR NOT (EXISTS (SELECT CONVERT(binary(8), CONVERT(float, [t].[at])) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, [s].[at])))) OR NOT (EXISTS (SELECT [t].[modified_on] INTERSECT SELECT [s].[modified_on]));

-- replace
INSERT INTO [Gwent_LA_FileTable].[dbo].[orders] ([id], [name], [size], [at], [modified_on]) SELECT [id], [name], [size], [at], [modified_on] FROM [Gwent_LA_FileTable].[dbo].[beside] AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[orders] AS t WHERE [t].[id] = [s].[id]);

-- replace
DROP TABLE [Gwent_LA_FileTable].[dbo].[beside];
