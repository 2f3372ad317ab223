-- close
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 's', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m LEFT JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE CASE WHEN [m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l) THEN 1 ELSE 0 END = 0
  AND EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t
JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS o ON [t].[parent_path_locator] = [o].[path_locator]
JOIN [tidemark_work].[r-abcde node] AS n ON [o].[stream_id] = [n].[k1] AND n.role <> 'x' AND NOT EXISTS (SELECT [o].[path_locator] INTERSECT SELECT [n].[loc]) WHERE n.down = 0 AND [t].[stream_id] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- close
UPDATE w SET role = 's' FROM [tidemark_work].[r-abcde node] AS w
WHERE w.role = 'x' AND EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t
JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS o ON [t].[parent_path_locator] = [o].[path_locator]
JOIN [tidemark_work].[r-abcde node] AS n ON [o].[stream_id] = [n].[k1] AND n.role <> 'x' AND NOT EXISTS (SELECT [o].[path_locator] INTERSECT SELECT [n].[loc]) WHERE [t].[stream_id] = [w].[k1]);

-- close
SELECT TOP (6) (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [t].[stream_id])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') AS k, (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [o].[stream_id])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') AS below
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t
JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS o ON [t].[parent_path_locator] = [o].[path_locator]
JOIN [tidemark_work].[r-abcde node] AS n ON [o].[stream_id] = [n].[k1] AND n.role <> 'x' AND NOT EXISTS (SELECT [o].[path_locator] INTERSECT SELECT [n].[loc])
WHERE NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [t].[stream_id] = [w].[k1] AND w.role <> 'x') ORDER BY k;

-- units
DROP TABLE IF EXISTS [tidemark_work].[r-abcde mover];

-- units
SELECT q.* INTO [tidemark_work].[r-abcde mover] FROM (SELECT CAST(NULL AS bigint) AS n, CAST(NULL AS bigint) AS unit, u.* FROM (SELECT n.loc, n.par, n.loc AS was, n.par AS was_par FROM [tidemark_work].[r-abcde node] AS n WHERE 1 = 0 UNION ALL SELECT n.loc, n.par, n.loc AS was, n.par AS was_par FROM [tidemark_work].[r-abcde node] AS n WHERE 1 = 0) AS u) AS q;

-- units
INSERT INTO [tidemark_work].[r-abcde mover] (n, unit, loc, par, was, was_par)
SELECT (SELECT COUNT_BIG(*) FROM [tidemark_work].[r-abcde mover]) + ROW_NUMBER() OVER (ORDER BY w.loc), (SELECT COUNT_BIG(*) FROM [tidemark_work].[r-abcde mover]) + ROW_NUMBER() OVER (ORDER BY w.loc), w.loc, w.par, [v].[path_locator], [v].[parent_path_locator]
FROM [tidemark_work].[r-abcde node] AS w JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS v ON [v].[stream_id] = [w].[k1] WHERE w.role <> 'x' AND NOT EXISTS (SELECT [v].[path_locator] INTERSECT SELECT [w].[loc]);

-- units
INSERT INTO [tidemark_work].[r-abcde mover] (n, unit, loc, par, was, was_par)
SELECT (SELECT COUNT_BIG(*) FROM [tidemark_work].[r-abcde mover]) + ROW_NUMBER() OVER (ORDER BY w.loc), (SELECT COUNT_BIG(*) FROM [tidemark_work].[r-abcde mover]) + ROW_NUMBER() OVER (ORDER BY w.loc), w.loc, w.par, [v].[path_locator], [v].[parent_path_locator]
FROM [tidemark_work].[r-abcde node] AS w JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS v ON [v].[stream_id] = [w].[k1] WHERE w.role <> 'x' AND EXISTS (SELECT [v].[path_locator] INTERSECT SELECT [w].[loc]) AND EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t
JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS o ON [t].[parent_path_locator] = [o].[path_locator]
JOIN [tidemark_work].[r-abcde node] AS n ON [o].[stream_id] = [n].[k1] AND n.role <> 'x' AND NOT EXISTS (SELECT [o].[path_locator] INTERSECT SELECT [n].[loc]) WHERE [t].[stream_id] = [w].[k1]);

-- units
SELECT COUNT_BIG(*) FROM [tidemark_work].[r-abcde mover];

-- units
DROP TABLE IF EXISTS [tidemark_work].[r-abcde pair];

-- units
SELECT q.* INTO [tidemark_work].[r-abcde pair] FROM (SELECT a.n AS a, b.n AS b FROM [tidemark_work].[r-abcde mover] AS a JOIN [tidemark_work].[r-abcde mover] AS b ON b.was = a.was_par
UNION ALL SELECT a.n, b.n FROM [tidemark_work].[r-abcde mover] AS a JOIN [tidemark_work].[r-abcde mover] AS b ON b.loc = a.par
UNION ALL SELECT a.n, b.n FROM [tidemark_work].[r-abcde mover] AS a JOIN [tidemark_work].[r-abcde mover] AS b ON b.was = a.loc AND b.n <> a.n) AS q;

-- units
UPDATE m SET unit = q.unit FROM [tidemark_work].[r-abcde mover] AS m JOIN (SELECT k.n, MIN(k.unit) AS unit FROM (
  SELECT p.a AS n, o.unit FROM [tidemark_work].[r-abcde pair] AS p JOIN [tidemark_work].[r-abcde mover] AS o ON o.n = p.b
  UNION ALL SELECT p.b, o.unit FROM [tidemark_work].[r-abcde pair] AS p JOIN [tidemark_work].[r-abcde mover] AS o ON o.n = p.a) AS k GROUP BY k.n) AS q ON q.n = m.n
WHERE q.unit < m.unit;

-- order
DROP TABLE IF EXISTS [tidemark_work].[r-abcde late];

-- order
SELECT q.* INTO [tidemark_work].[r-abcde late] FROM (SELECT loc, unit, CAST(NULL AS int) AS level FROM [tidemark_work].[r-abcde mover]) AS q;

-- order
INSERT INTO [tidemark_work].[r-abcde late] (loc, unit)
SELECT q.loc, (SELECT MAX(unit) FROM [tidemark_work].[r-abcde late]) + ROW_NUMBER() OVER (ORDER BY q.loc) FROM (
  SELECT n.loc FROM [tidemark_work].[r-abcde node] AS n JOIN [tidemark_work].[r-abcde late] AS l ON l.loc = n.par WHERE n.role <> 'x'
  UNION SELECT n.loc FROM [tidemark_work].[r-abcde node] AS n JOIN [tidemark_work].[r-abcde mover] AS m ON m.was = n.loc WHERE n.role <> 'x') AS q
WHERE NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde late] AS l WHERE l.loc = q.loc);

-- order
DROP TABLE IF EXISTS [tidemark_work].[r-abcde awaits];

-- order
SELECT q.* INTO [tidemark_work].[r-abcde awaits] FROM (SELECT a.unit, b.unit AS other FROM [tidemark_work].[r-abcde late] AS a JOIN [tidemark_work].[r-abcde node] AS n ON n.loc = a.loc JOIN [tidemark_work].[r-abcde late] AS b ON b.loc = n.par WHERE a.unit <> b.unit
UNION SELECT a.unit, b.unit FROM [tidemark_work].[r-abcde late] AS a JOIN [tidemark_work].[r-abcde mover] AS m ON m.was = a.loc JOIN [tidemark_work].[r-abcde late] AS b ON b.loc = m.loc WHERE a.unit <> b.unit) AS q;

-- order
UPDATE l SET level = 3 FROM [tidemark_work].[r-abcde late] AS l
WHERE l.level IS NULL AND NOT EXISTS (
  SELECT 1 FROM [tidemark_work].[r-abcde awaits] AS w JOIN [tidemark_work].[r-abcde late] AS o ON o.unit = w.other WHERE w.unit = l.unit AND o.level IS NULL);

-- order
SELECT DISTINCT TOP (6) (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [n].[k1])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') AS k
FROM [tidemark_work].[r-abcde late] AS l JOIN [tidemark_work].[r-abcde node] AS n ON n.loc = l.loc JOIN [tidemark_work].[r-abcde awaits] AS w ON w.other = l.unit
JOIN [tidemark_work].[r-abcde mover] AS m ON m.unit = w.unit
WHERE l.level IS NULL AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde mover] AS o WHERE o.loc = l.loc) ORDER BY k;

-- steps
UPDATE n
SET step = 3, depth = (SELECT COALESCE(MAX(depth), 0) + 1 FROM [tidemark_work].[r-abcde node]) + l.level
FROM [tidemark_work].[r-abcde node] AS n JOIN [tidemark_work].[r-abcde late] AS l ON l.loc = n.loc WHERE n.role <> 'x';

-- steps
DROP TABLE IF EXISTS [tidemark_work].[r-abcde captured];

-- steps
SELECT q.* INTO [tidemark_work].[r-abcde captured] FROM (SELECT ROW_NUMBER() OVER (ORDER BY step, depth, unit, [k1]) AS n, step, depth, role, [k1], bytes, unit
FROM [tidemark_work].[r-abcde node] AS n LEFT JOIN [tidemark_work].[r-abcde late] AS l ON l.loc = n.loc WHERE role <> 'x') AS q;

-- steps
DROP TABLE IF EXISTS [tidemark_work].[r-abcde piece];

-- steps
SELECT q.* INTO [tidemark_work].[r-abcde piece] FROM (SELECT step, depth, MIN(n) AS first, MAX(n) AS last, COUNT_BIG(*) AS row_count, SUM(bytes) AS byte_count FROM (
  SELECT n, step, depth, bytes, MIN(rows_before) OVER (PARTITION BY step, depth, COALESCE(unit, -n)) / 500 AS by_rows, MIN(bytes_before) OVER (PARTITION BY step, depth, COALESCE(unit, -n)) / 67108864 AS by_bytes
  FROM (SELECT n, step, depth, bytes, unit, ROW_NUMBER() OVER (PARTITION BY step, depth ORDER BY n) - 1 AS rows_before,
      SUM(bytes) OVER (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before
    FROM [tidemark_work].[r-abcde captured]) AS q
) AS q GROUP BY step, depth, by_rows, by_bytes) AS q;
