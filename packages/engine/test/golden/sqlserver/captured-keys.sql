-- start
DROP TABLE IF EXISTS [tidemark_work].[r-abcde node];

-- start
SELECT q.* INTO [tidemark_work].[r-abcde node] FROM (SELECT q.*, CAST(NULL AS bigint) AS bytes, CAST(NULL AS char(1)) AS role, CAST(NULL AS bit) AS [down], CAST(NULL AS int) AS [step], CAST(NULL AS int) AS [depth] FROM (SELECT [m].[stream_id] AS [k1], CAST(NULL AS datetime) AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0 UNION ALL SELECT [m].[stream_id] AS [k1], CAST(NULL AS datetime) AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0) AS q) AS q;

-- start
DROP TABLE IF EXISTS [tidemark_work].[r-abcde ancestor];

-- start
SELECT q.* INTO [tidemark_work].[r-abcde ancestor] FROM (SELECT q.*, CAST(NULL AS bigint) AS bytes, CAST(NULL AS bit) AS [excluded], CAST(NULL AS bit) AS [fresh], CAST(NULL AS bit) AS [down] FROM (SELECT [m].[stream_id] AS [k1], CAST(NULL AS datetime) AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0 UNION ALL SELECT [m].[stream_id] AS [k1], CAST(NULL AS datetime) AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0) AS q) AS q;

-- start
IF OBJECT_ID(N'[tidemark_work].[r-abcde done_key]') IS NULL SELECT q.* INTO [tidemark_work].[r-abcde done_key] FROM (SELECT [m].[stream_id] AS [k1] FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0 UNION ALL SELECT [m].[stream_id] AS [k1] FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0) AS q;

-- start
IF OBJECT_ID(N'[tidemark_work].[r-abcde owed_key]') IS NULL SELECT q.* INTO [tidemark_work].[r-abcde owed_key] FROM (SELECT [m].[stream_id] AS [k1] FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0 UNION ALL SELECT [m].[stream_id] AS [k1] FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE 1 = 0) AS q;

-- close
SET NOCOUNT ON;
DROP TABLE IF EXISTS #tidemark_up;
DECLARE @level int = 0;
SELECT DISTINCT q.loc, 0 AS level INTO #tidemark_up FROM (SELECT f.par AS loc FROM [tidemark_work].[r-abcde node] AS f WHERE NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS n WHERE n.loc = f.par) AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde ancestor] AS a WHERE a.loc = f.par)) AS q WHERE q.loc IS NOT NULL;
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO #tidemark_up (loc, level)
  SELECT DISTINCT q.loc, @level FROM (SELECT [m].[parent_path_locator] AS loc FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m JOIN #tidemark_up AS up ON [m].[path_locator] = up.loc WHERE up.level = @level - 1 AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS n WHERE n.loc = [m].[parent_path_locator]) AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde ancestor] AS a WHERE a.loc = [m].[parent_path_locator])) AS q
  WHERE q.loc IS NOT NULL AND NOT EXISTS (SELECT 1 FROM #tidemark_up AS seen WHERE seen.loc = q.loc);
END;
SET NOCOUNT OFF;
INSERT INTO [tidemark_work].[r-abcde ancestor] ([k1], p, loc, par, bytes, excluded, fresh, down)
SELECT [m].[stream_id] AS [k1], CAST(NULL AS datetime) AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, CASE WHEN [m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l) THEN 1 ELSE 0 END, 1, 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WHERE [m].[path_locator] IN (SELECT loc FROM #tidemark_up);
DROP TABLE #tidemark_up;;

-- close
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [k1], NULL, loc, par, bytes, 'a', 0 FROM [tidemark_work].[r-abcde ancestor] AS a
WHERE a.fresh = 1 AND a.excluded = 0 AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [a].[k1] AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [a].[loc]));

-- close
UPDATE [tidemark_work].[r-abcde ancestor] SET fresh = 0 WHERE fresh = 1;

-- close
UPDATE [tidemark_work].[r-abcde node] SET down = 1 WHERE down = 0;

-- close
UPDATE [tidemark_work].[r-abcde ancestor] SET down = 1 WHERE down = 0;

-- look
SELECT TOP (5) CAST(q.loc AS nvarchar(4000)) AS loc
FROM (SELECT [m].[path_locator] AS loc FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m
  WHERE [m].[path_locator] IN (SELECT loc FROM [tidemark_work].[r-abcde node] UNION ALL SELECT loc FROM [tidemark_work].[r-abcde ancestor])) AS q
GROUP BY q.loc HAVING COUNT_BIG(*) > 1 ORDER BY q.loc;

-- look
SELECT TOP (5) (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [n].[k1])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') AS k FROM [tidemark_work].[r-abcde node] AS n WHERE n.loc IS NULL AND n.role <> 'x' ORDER BY k;

-- order
SET NOCOUNT ON;
DROP TABLE IF EXISTS #tidemark_up;
DECLARE @level int = 0;
SELECT DISTINCT q.loc, 0 AS level INTO #tidemark_up FROM (SELECT n.par AS loc FROM [tidemark_work].[r-abcde node] AS n WHERE n.role <> 'x') AS q WHERE q.loc IS NOT NULL;
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO #tidemark_up (loc, level)
  SELECT DISTINCT q.loc, @level FROM (SELECT n.par AS loc FROM [tidemark_work].[r-abcde node] AS n JOIN #tidemark_up AS up ON n.loc = up.loc WHERE up.level = @level - 1 AND n.role = 'x') AS q
  WHERE q.loc IS NOT NULL AND NOT EXISTS (SELECT 1 FROM #tidemark_up AS seen WHERE seen.loc = q.loc);
END;
SET NOCOUNT OFF;
UPDATE w SET role = 'a' FROM [tidemark_work].[r-abcde node] AS w
WHERE w.role = 'x' AND w.loc IN (SELECT loc FROM #tidemark_up) AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [w].[k1] AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [w].[loc]));
DROP TABLE #tidemark_up;;

-- order
DROP TABLE IF EXISTS [tidemark_work].[r-abcde member];

-- order
SELECT q.* INTO [tidemark_work].[r-abcde member] FROM (SELECT u.loc, MIN(u.par) AS par, MAX(u.ex) AS excluded FROM
(SELECT loc, par, 0 AS ex FROM [tidemark_work].[r-abcde node] UNION ALL SELECT loc, par, CAST(excluded AS int) FROM [tidemark_work].[r-abcde ancestor]) AS u GROUP BY u.loc) AS q;

-- order
DROP TABLE IF EXISTS [tidemark_work].[r-abcde reached];

-- order
SET NOCOUNT ON;
DECLARE @level int = 0;
SELECT loc, 0 AS depth INTO [tidemark_work].[r-abcde reached] FROM [tidemark_work].[r-abcde member] WHERE par IS NULL AND excluded = 0;
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO [tidemark_work].[r-abcde reached] SELECT m.loc, @level FROM [tidemark_work].[r-abcde member] AS m JOIN [tidemark_work].[r-abcde reached] AS p ON p.loc = m.par WHERE p.depth = @level - 1 AND m.excluded = 0;
END;

-- order
DROP TABLE IF EXISTS [tidemark_work].[r-abcde orphan];

-- order
SET NOCOUNT ON;
DECLARE @level int = 0;
SELECT m.loc, CAST(CASE WHEN p.loc IS NULL THEN 'gone' ELSE 'excluded' END AS varchar(10)) AS reason, 0 AS level INTO [tidemark_work].[r-abcde orphan] FROM [tidemark_work].[r-abcde member] AS m LEFT JOIN [tidemark_work].[r-abcde member] AS p ON p.loc = m.par
  WHERE m.par IS NOT NULL AND m.excluded = 0 AND (p.loc IS NULL OR p.excluded = 1);
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO [tidemark_work].[r-abcde orphan] SELECT m.loc, o.reason, @level FROM [tidemark_work].[r-abcde member] AS m JOIN [tidemark_work].[r-abcde orphan] AS o ON o.loc = m.par WHERE o.level = @level - 1 AND m.excluded = 0;
END;

-- order
INSERT INTO [tidemark_work].[r-abcde orphan] (loc, reason)
SELECT m.loc, 'cycle' FROM [tidemark_work].[r-abcde member] AS m
WHERE m.excluded = 0 AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde reached] AS q WHERE q.loc = m.loc)
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde orphan] AS k WHERE k.loc = m.loc);

-- orphans
SELECT (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [n].[k1])), 'json'), N'\/', N'/') + N'"'), N'null') + N']'), CAST(n.loc AS nvarchar(4000)) AS loc, o.reason
FROM [tidemark_work].[r-abcde node] AS n JOIN [tidemark_work].[r-abcde orphan] AS o ON o.loc = n.loc WHERE n.role <> 'x' ORDER BY o.reason, loc;

-- orphans
DELETE FROM [tidemark_work].[r-abcde node] WHERE loc IN (SELECT loc FROM [tidemark_work].[r-abcde orphan] WHERE reason IN (N'gone', N'cycle'));

-- orphans
SELECT CAST(par AS nvarchar(4000)) FROM [tidemark_work].[r-abcde member] WHERE loc = CONVERT(hierarchyid, N'/1/');

-- steps
UPDATE n SET depth = q.depth, step = CASE WHEN n.role = 'a' THEN 2 WHEN n.par IS NULL THEN 1 ELSE 3 END
FROM [tidemark_work].[r-abcde node] AS n JOIN [tidemark_work].[r-abcde reached] AS q ON q.loc = n.loc WHERE n.role <> 'x';

-- steps
SET NOCOUNT ON;
DROP TABLE IF EXISTS #tidemark_up;
DECLARE @level int = 0;
SELECT DISTINCT q.loc, 0 AS level INTO #tidemark_up FROM (SELECT n.par AS loc FROM [tidemark_work].[r-abcde node] AS n WHERE n.step = 2) AS q WHERE q.loc IS NOT NULL;
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO #tidemark_up (loc, level)
  SELECT DISTINCT q.loc, @level FROM (SELECT n.par AS loc FROM [tidemark_work].[r-abcde node] AS n JOIN #tidemark_up AS up ON n.loc = up.loc WHERE up.level = @level - 1 AND n.step = 3) AS q
  WHERE q.loc IS NOT NULL AND NOT EXISTS (SELECT 1 FROM #tidemark_up AS seen WHERE seen.loc = q.loc);
END;
SET NOCOUNT OFF;
UPDATE [tidemark_work].[r-abcde node] SET step = 2 WHERE step = 3 AND loc IN (SELECT loc FROM #tidemark_up);
DROP TABLE #tidemark_up;;

-- steps
DROP TABLE IF EXISTS [tidemark_work].[r-abcde captured];

-- steps
SELECT q.* INTO [tidemark_work].[r-abcde captured] FROM (SELECT ROW_NUMBER() OVER (ORDER BY step, depth, [k1]) AS n, step, depth, role, [k1], bytes
FROM [tidemark_work].[r-abcde node] WHERE role <> 'x') AS q;

-- steps
DROP TABLE IF EXISTS [tidemark_work].[r-abcde piece];

-- steps
SELECT q.* INTO [tidemark_work].[r-abcde piece] FROM (SELECT step, depth, MIN(n) AS first, MAX(n) AS last, COUNT_BIG(*) AS row_count, SUM(bytes) AS byte_count FROM (
  SELECT n, step, depth, bytes, (ROW_NUMBER() OVER (PARTITION BY step, depth ORDER BY n) - 1) / 500 AS by_rows,
         (SUM(bytes) OVER (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING) - bytes) / 67108864 AS by_bytes
  FROM [tidemark_work].[r-abcde captured]
) AS q GROUP BY step, depth, by_rows, by_bytes) AS q;

-- pieces
SELECT step, DENSE_RANK() OVER (ORDER BY step, depth), first, last, row_count, byte_count FROM [tidemark_work].[r-abcde piece] ORDER BY first;

-- pieces
DROP TABLE IF EXISTS [tidemark_work].[r-abcde whole];

-- pieces
SELECT q.* INTO [tidemark_work].[r-abcde whole] FROM (SELECT 2 AS epoch) AS q;

-- pieces
SELECT epoch FROM [tidemark_work].[r-abcde whole];

-- pieces
INSERT INTO [tidemark_work].[r-abcde done_key] ([k1])
SELECT [k1] FROM [tidemark_work].[r-abcde captured] WHERE n BETWEEN CAST(N'1' AS bigint) AND CAST(N'9' AS bigint);
