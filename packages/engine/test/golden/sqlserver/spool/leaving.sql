-- keys
SELECT COUNT_BIG(*) FROM [Office].[dbo].[orders] AS m WHERE (([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1)) AND ([m].[id] IS NULL);

-- keys
SELECT TOP (5) (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(20), [k1]), 'json'), N'\/', N'/') + N'"'), N'null') + N']') AS k FROM (SELECT [m].[id] AS [k1] FROM [Office].[dbo].[orders] AS m WHERE ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1)) AS q GROUP BY [k1] HAVING COUNT_BIG(*) > 1 ORDER BY k;

-- cut
SELECT e.n, e.until, CONVERT(nvarchar(23), [k1], 121), CONVERT(nvarchar(20), [k2]) FROM (
  SELECT d.*, LEAD(d.by_rows) OVER (ORDER BY [k1], [k2]) AS next_rows, LEAD(d.by_bytes) OVER (ORDER BY [k1], [k2]) AS next_bytes FROM (
    SELECT b.*, (b.n - 1) / 100000 AS by_rows, (b.until - b.bytes) / 67108864 AS by_bytes FROM (
      SELECT a.*, ROW_NUMBER() OVER (ORDER BY [k1], [k2]) AS n, SUM(a.bytes) OVER (ORDER BY [k1], [k2] ROWS UNBOUNDED PRECEDING) AS until FROM (
        SELECT [m].[modified_on] AS [k1], [m].[id] AS [k2], CAST(72 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[code])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[note])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[sheet])), 0) AS bytes FROM [Office].[dbo].[orders] AS m WHERE ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1)
      ) AS a
    ) AS b
  ) AS d
) AS e WHERE e.next_rows IS NULL OR e.next_rows <> e.by_rows OR e.next_bytes <> e.by_bytes ORDER BY e.n;

-- cut by rows
SELECT a.n, CONVERT(nvarchar(20), [k1]) FROM (
  SELECT [m].[id] AS [k1], ROW_NUMBER() OVER (ORDER BY [m].[id]) AS n FROM [Office].[dbo].[orders] AS m WHERE ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1)
) AS a WHERE a.n % 100000 = 0 ORDER BY a.n;

-- count
SELECT COUNT_BIG(*), COALESCE(SUM(CAST(72 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[code])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[note])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[sheet])), 0)), 0) FROM [Office].[dbo].[orders] AS m WHERE ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1);

-- read
SELECT [m].[id] AS [c1], CONVERT(nvarchar(20), [m].[code]) AS [c2], LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', CONVERT(varbinary(64), [secret], 2) + HASHBYTES('SHA2_256', CONVERT(varbinary(64), [secret], 2) + CASE WHEN [m].[name] COLLATE Latin1_General_BIN2 NOT LIKE N'%[^' + NCHAR(1) + N'-' + NCHAR(127) + N']%' THEN CONVERT(varbinary(max), CONVERT(varchar(max), [m].[name])) ELSE CONVERT(varbinary(max), (SELECT CASE WHEN u.c < 128 THEN CONVERT(varchar(8), CONVERT(binary(1), u.c), 2)
  WHEN u.c < 2048 THEN CONVERT(varchar(8), CONVERT(binary(2), 49280 + u.c / 64 * 256 + u.c % 64), 2)
  WHEN u.c BETWEEN 55296 AND 56319 AND u.following BETWEEN 56320 AND 57343 THEN CONVERT(varchar(8), CONVERT(binary(4), CONVERT(bigint, 4034953344) + p.point / 262144 * 16777216 + p.point / 4096 % 64 * 65536 + p.point / 64 % 64 * 256 + p.point % 64), 2)
  WHEN u.c BETWEEN 56320 AND 57343 AND u.before BETWEEN 55296 AND 56319 THEN ''
  ELSE CONVERT(varchar(8), CONVERT(binary(3), 14712960 + u.c / 4096 * 65536 + u.c / 64 % 64 * 256 + u.c % 64), 2) END
FROM OPENJSON(N'[0' + REPLICATE(CONVERT(nvarchar(max), N',0'), DATALENGTH([m].[name]) / 2 - 1) + N']') AS l CROSS APPLY (SELECT CONVERT(int, l.[key]) + 1 AS n) AS i
CROSS APPLY (SELECT UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n, 1)) AS c, UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n + 1, 1)) AS following, CASE WHEN i.n > 1 THEN UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n - 1, 1)) END AS before) AS u
CROSS APPLY (SELECT CONVERT(bigint, 65536) + (u.c - 55296) * 1024 + u.following - 56320 AS point) AS p
ORDER BY i.n FOR XML PATH('')), 2) END)), 2)) AS [c3], CONVERT(nvarchar(41), [m].[amount]) AS [c4], CONVERT(nvarchar(22), CONVERT(decimal(19,4), [m].[price])) AS [c5], LTRIM(RTRIM(CONVERT(nvarchar(30), [m].[ratio], 3))) AS [c6], CONVERT(nvarchar(10), [m].[due], 23) AS [c7], (CASE WHEN STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T') LIKE N'%.%' THEN REPLACE(REPLACE(REPLACE(RTRIM(REPLACE(STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T'), N'0', N' ')), N' ', N'0') + N'#', N'.#', N''), N'#', N'') ELSE STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T') END + REPLACE(RIGHT(CONVERT(nvarchar(34), [m].[changed], 121), 6), N'+00:00', N'Z')) AS [c8], [m].[active] AS [c9], [m].[reference] AS [c10], CAST([m].[path] AS nvarchar(4000)) AS [c11], CASE WHEN DATALENGTH([m].[note]) <= 4194304 THEN [m].[note] ELSE CAST(NULL AS nvarchar(max)) END AS [c12], CASE WHEN DATALENGTH([m].[file]) <= 4194304 THEN [m].[file] ELSE NULL END AS [c13], CASE WHEN DATALENGTH(CONVERT(nvarchar(max), [m].[sheet])) <= 4194304 THEN CONVERT(nvarchar(max), [m].[sheet]) ELSE CAST(NULL AS nvarchar(max)) END AS [c14], CONVERT(binary(8), [m].[version]) AS [c15], CONVERT(nvarchar(23), [m].[modified_on], 121) AS [c16], CASE WHEN DATALENGTH([m].[note]) > 4194304 OR DATALENGTH([m].[file]) > 4194304 OR DATALENGTH(CONVERT(nvarchar(max), [m].[sheet])) > 4194304 THEN (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(CONVERT(nvarchar(20), [m].[id]), 'json'), N'\/', N'/') + N'"'), N'null') + N']') ELSE CAST(NULL AS nvarchar(max)) END AS [large] FROM [Office].[dbo].[orders] AS m WHERE [m].[modified_on] >= CONVERT(datetime, N'UP_TO', 121) AND ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) OR ([m].[modified_on] = CONVERT(datetime, N'UP_TO', 121) AND [m].[id] > CONVERT(bigint, N'7'))) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND ([m].[modified_on] < CONVERT(datetime, N'UP_TO', 121) OR ([m].[modified_on] = CONVERT(datetime, N'UP_TO', 121) AND [m].[id] <= CONVERT(bigint, N'9'))) AND (([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1))
ORDER BY [m].[modified_on], [m].[id];

-- large
DROP TABLE IF EXISTS #tidemark_large; CREATE TABLE #tidemark_large ([c1] nvarchar(4000) NULL, [c2] nvarchar(max) COLLATE Latin1_General_BIN2 NULL, [c3] nvarchar(max) COLLATE Latin1_General_BIN2 NULL, [c4] nvarchar(4000) NULL, [c5] nvarchar(4000) NULL, [c6] nvarchar(4000) NULL, [c7] nvarchar(4000) NULL, [c8] nvarchar(4000) NULL, [c9] bit NULL, [c10] uniqueidentifier NULL, [c11] nvarchar(4000) NULL, [c12] nvarchar(max) COLLATE Latin1_General_BIN2 NULL, [c13] varbinary(max) NULL, [c14] nvarchar(max) COLLATE Latin1_General_BIN2 NULL, [c15] varbinary(max) NULL, [c16] nvarchar(4000) NULL);

-- large
INSERT INTO #tidemark_large SELECT [m].[id], CONVERT(nvarchar(20), [m].[code]), LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', CONVERT(varbinary(64), [secret], 2) + HASHBYTES('SHA2_256', CONVERT(varbinary(64), [secret], 2) + CASE WHEN [m].[name] COLLATE Latin1_General_BIN2 NOT LIKE N'%[^' + NCHAR(1) + N'-' + NCHAR(127) + N']%' THEN CONVERT(varbinary(max), CONVERT(varchar(max), [m].[name])) ELSE CONVERT(varbinary(max), (SELECT CASE WHEN u.c < 128 THEN CONVERT(varchar(8), CONVERT(binary(1), u.c), 2)
  WHEN u.c < 2048 THEN CONVERT(varchar(8), CONVERT(binary(2), 49280 + u.c / 64 * 256 + u.c % 64), 2)
  WHEN u.c BETWEEN 55296 AND 56319 AND u.following BETWEEN 56320 AND 57343 THEN CONVERT(varchar(8), CONVERT(binary(4), CONVERT(bigint, 4034953344) + p.point / 262144 * 16777216 + p.point / 4096 % 64 * 65536 + p.point / 64 % 64 * 256 + p.point % 64), 2)
  WHEN u.c BETWEEN 56320 AND 57343 AND u.before BETWEEN 55296 AND 56319 THEN ''
  ELSE CONVERT(varchar(8), CONVERT(binary(3), 14712960 + u.c / 4096 * 65536 + u.c / 64 % 64 * 256 + u.c % 64), 2) END
FROM OPENJSON(N'[0' + REPLICATE(CONVERT(nvarchar(max), N',0'), DATALENGTH([m].[name]) / 2 - 1) + N']') AS l CROSS APPLY (SELECT CONVERT(int, l.[key]) + 1 AS n) AS i
CROSS APPLY (SELECT UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n, 1)) AS c, UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n + 1, 1)) AS following, CASE WHEN i.n > 1 THEN UNICODE(SUBSTRING([m].[name] COLLATE Latin1_General_BIN2, i.n - 1, 1)) END AS before) AS u
CROSS APPLY (SELECT CONVERT(bigint, 65536) + (u.c - 55296) * 1024 + u.following - 56320 AS point) AS p
ORDER BY i.n FOR XML PATH('')), 2) END)), 2)), CONVERT(nvarchar(41), [m].[amount]), CONVERT(nvarchar(22), CONVERT(decimal(19,4), [m].[price])), LTRIM(RTRIM(CONVERT(nvarchar(30), [m].[ratio], 3))), CONVERT(nvarchar(10), [m].[due], 23), (CASE WHEN STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T') LIKE N'%.%' THEN REPLACE(REPLACE(REPLACE(RTRIM(REPLACE(STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T'), N'0', N' ')), N' ', N'0') + N'#', N'.#', N''), N'#', N'') ELSE STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), [m].[changed]), 121), 11, 1, N'T') END + REPLACE(RIGHT(CONVERT(nvarchar(34), [m].[changed], 121), 6), N'+00:00', N'Z')), [m].[active], [m].[reference], CAST([m].[path] AS nvarchar(4000)), [m].[note], [m].[file], CONVERT(nvarchar(max), [m].[sheet]), CONVERT(binary(8), [m].[version]), CONVERT(nvarchar(23), [m].[modified_on], 121) FROM [Office].[dbo].[orders] AS m WHERE [m].[modified_on] >= CONVERT(datetime, N'UP_TO', 121) AND ([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) OR ([m].[modified_on] = CONVERT(datetime, N'UP_TO', 121) AND [m].[id] > CONVERT(bigint, N'7'))) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND ([m].[modified_on] < CONVERT(datetime, N'UP_TO', 121) OR ([m].[modified_on] = CONVERT(datetime, N'UP_TO', 121) AND [m].[id] <= CONVERT(bigint, N'9'))) AND (([m].[modified_on] > CONVERT(datetime, N'UP_TO', 121) AND [m].[modified_on] <= CONVERT(datetime, N'UP_TO', 121) AND 1 = 1)) AND [m].[id] = 8;

-- large
SELECT l.[c1], l.[c2], l.[c3], l.[c4], l.[c5], l.[c6], l.[c7], l.[c8], l.[c9], l.[c10], l.[c11], CASE WHEN DATALENGTH(l.[c12]) > 4194304 THEN CAST(NULL AS nvarchar(max)) ELSE l.[c12] END, CASE WHEN DATALENGTH(l.[c13]) > 4194304 THEN NULL ELSE l.[c13] END, CASE WHEN DATALENGTH(l.[c14]) > 4194304 THEN CAST(NULL AS nvarchar(max)) ELSE l.[c14] END, l.[c15], l.[c16], N'', N'', N'', N'', N'', N'', N'', N'', N'', N'', N'', CASE WHEN DATALENGTH(l.[c12]) > 4194304 THEN N'1' END, CASE WHEN DATALENGTH(l.[c13]) > 4194304 THEN N'1' END, CASE WHEN DATALENGTH(l.[c14]) > 4194304 THEN N'1' END, N'', N'' FROM #tidemark_large AS l WHERE 1 = 1;

-- large
DROP TABLE #tidemark_large;
