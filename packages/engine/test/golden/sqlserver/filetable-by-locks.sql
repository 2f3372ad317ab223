-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE [j_meta].[ModifiedOn] > CONVERT(datetime, N'UP_TO', 121) AND [j_meta].[ModifiedOn] <= CONVERT(datetime, N'UP_TO', 121) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id]);

-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE [j_meta].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["11111111-1111-1111-1111-111111111111"]') AS l) AND (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [j_meta].[stream_id])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') IN (SELECT q.v FROM OPENJSON(N'["[\"11111111-1111-1111-1111-111111111111\"]"]') AS l CROSS APPLY (SELECT l.[value] AS v) AS q WHERE q.v IS NOT NULL) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE [m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["22222222-2222-2222-2222-222222222222"]') AS l) AND (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [m].[stream_id])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') IN (SELECT q.v FROM OPENJSON(N'["[\"22222222-2222-2222-2222-222222222222\"]"]') AS l CROSS APPLY (SELECT l.[value] AS v) AS q WHERE q.v IS NOT NULL) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE [j_meta].[ModifiedOn] <= CONVERT(datetime, N'UP_TO', 121) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["33333333-3333-3333-3333-333333333333"]') AS l) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- ancestors
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
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) WHERE [m].[path_locator] IN (SELECT loc FROM #tidemark_up);
DROP TABLE #tidemark_up;;

-- ancestors
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [k1], NULL, loc, par, bytes, 'a', 0 FROM [tidemark_work].[r-abcde ancestor] AS a
WHERE a.fresh = 1 AND a.excluded = 0 AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [a].[k1] AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [a].[loc]));

-- below
DROP TABLE IF EXISTS [tidemark_work].[r-abcde moved];

-- below
SELECT q.* INTO [tidemark_work].[r-abcde moved] FROM (SELECT u.loc, MAX(u.entire) AS entire FROM (
  SELECT n.loc, CASE WHEN NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [n].[k1] AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [n].[loc])) OR n.role IN ('w', 'x') THEN 1 ELSE 0 END AS entire FROM [tidemark_work].[r-abcde node] AS n WHERE n.down = 0
  UNION ALL SELECT a.loc, 0 FROM [tidemark_work].[r-abcde ancestor] AS a WHERE a.down = 0 AND a.excluded = 0
) AS u GROUP BY u.loc) AS q;

-- below
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, loc, par, bytes, role, down)
SELECT [m].[stream_id] AS [k1], [j_meta].[ModifiedOn] AS p, [m].[path_locator] AS loc, [m].[parent_path_locator] AS par, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, CASE WHEN EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [m].[stream_id] AND NOT EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [m].[path_locator])) OR (NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [m].[stream_id]) AND [j_meta].[stream_id] IS NOT NULL AND [j_meta].[ModifiedOn] <= CONVERT(datetime, N'UP_TO', 121) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))) THEN 's' ELSE 'x' END, 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) LEFT JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id] JOIN [tidemark_work].[r-abcde moved] AS f ON [m].[parent_path_locator] = f.loc
WHERE CASE WHEN [m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l) THEN 1 ELSE 0 END = 0 AND (f.entire = 1 OR (EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [m].[stream_id] AND NOT EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [m].[path_locator])) AND ([j_meta].[ModifiedOn] <= CONVERT(datetime, N'UP_TO', 121) OR [j_meta].[ModifiedOn] IS NULL)))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- stage
DROP TABLE IF EXISTS #tidemark_stage;

-- stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[stream_id] AS [stream_id], [t].[file_stream] AS [file_stream], [t].[name] AS [name], [t].[path_locator] AS [path_locator], [t].[is_directory] AS [is_directory], CAST(NULL AS datetime) AS [tidemark position], [t].[path_locator] AS [tidemark locator], [t].[path_locator] AS [tidemark parent], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE 1 = 0 UNION ALL SELECT [t].[stream_id] AS [stream_id], [t].[file_stream] AS [file_stream], [t].[name] AS [name], [t].[path_locator] AS [path_locator], [t].[is_directory] AS [is_directory], CAST(NULL AS datetime) AS [tidemark position], [t].[path_locator] AS [tidemark locator], [t].[path_locator] AS [tidemark parent], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE 1 = 0) AS q;

-- stage
INSERT INTO #tidemark_stage ([stream_id], [file_stream], [name], [path_locator], [is_directory], [tidemark position], [tidemark locator], [tidemark parent], [tidemark stage row])
SELECT [m].[stream_id], [m].[file_stream], [m].[name], [m].[path_locator], [m].[is_directory], [j_meta].[ModifiedOn], [m].[path_locator], [m].[parent_path_locator], w.n
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) LEFT JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[stream_id]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- verdict
DROP TABLE IF EXISTS #tidemark_verdict;

-- verdict
CREATE TABLE #tidemark_verdict (stage_row bigint NOT NULL, held datetime NULL, verdict varchar(8) NOT NULL);

-- verdict
INSERT INTO #tidemark_verdict (stage_row, held, verdict)
SELECT s.[tidemark stage row], p.[position], CASE
  WHEN [t].[stream_id] IS NULL THEN 'insert'
  WHEN s.[tidemark position] > p.[position] THEN 'update'
  WHEN s.[tidemark position] < p.[position] THEN 'older'
  ELSE 'tie'
END
FROM #tidemark_stage AS s
LEFT JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[stream_id] = [s].[stream_id]
LEFT JOIN [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p ON [p].[stream_id] = [s].[stream_id];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream])) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator]) AND EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (READCOMMITTEDLOCK) ON [t].[stream_id] = [s].[stream_id]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.[tidemark stage row], 'TM5004', CONCAT(CAST(s.[tidemark locator] AS nvarchar(4000)), N' needs ', CAST(s.[tidemark parent] AS nvarchar(4000)))
FROM #tidemark_stage AS s WHERE s.[tidemark parent] IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[path_locator] = s.[tidemark parent])
  AND NOT EXISTS (SELECT 1 FROM #tidemark_stage AS o WHERE o.[tidemark locator] = s.[tidemark parent]);

-- apply
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[stream_id] = [s].[stream_id];

-- apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory])
SELECT [s].[stream_id], [s].[file_stream], [s].[name], [s].[path_locator], [s].[is_directory]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert';

-- apply
UPDATE p SET [position] = q.[tidemark position]
FROM [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.[tidemark position] IS NOT NULL) AS q ON [p].[stream_id] = [q].[stream_id];

-- apply
INSERT INTO [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] ([stream_id], [position])
SELECT [q].[stream_id], q.[tidemark position]
FROM (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.[tidemark position] IS NOT NULL) AS q
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p WHERE [p].[stream_id] = [q].[stream_id]);

-- verdict
DROP TABLE IF EXISTS #tidemark_verdict;

-- verdict
CREATE TABLE #tidemark_verdict (stage_row bigint NOT NULL, held datetime NULL, verdict varchar(8) NOT NULL);

-- verdict
INSERT INTO #tidemark_verdict (stage_row, held, verdict)
SELECT s.[tidemark stage row], p.[position], CASE
  WHEN [t].[stream_id] IS NULL THEN 'insert'
  WHEN s.[tidemark position] > p.[position] THEN 'update'
  WHEN s.[tidemark position] < p.[position] THEN 'older'
  ELSE 'tie'
END
FROM #tidemark_stage AS s
LEFT JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK) ON [t].[stream_id] = [s].[stream_id]
LEFT JOIN [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p ON [p].[stream_id] = [s].[stream_id];

-- verdict
UPDATE v SET verdict = CASE WHEN EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream])) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator]) AND EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]) THEN 'same' ELSE 'update' END
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] JOIN [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (READCOMMITTEDLOCK) ON [t].[stream_id] = [s].[stream_id]
WHERE v.verdict = 'tie';

-- rejects
INSERT INTO #tidemark_bad (stage_row, code, message)
SELECT s.[tidemark stage row], 'TM5004', CONCAT(CAST(s.[tidemark locator] AS nvarchar(4000)), N' needs ', CAST(s.[tidemark parent] AS nvarchar(4000)))
FROM #tidemark_stage AS s WHERE s.[tidemark parent] IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[path_locator] = s.[tidemark parent])
  AND NOT EXISTS (SELECT 1 FROM #tidemark_stage AS o WHERE o.[tidemark locator] = s.[tidemark parent]);

-- apply, max_dop 1
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'update') AS s ON [t].[stream_id] = [s].[stream_id]
OPTION (MAXDOP 1);

-- apply, max_dop 1
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory])
SELECT [s].[stream_id], [s].[file_stream], [s].[name], [s].[path_locator], [s].[is_directory]
FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row] WHERE v.verdict = 'insert'
OPTION (MAXDOP 1);

-- apply, max_dop 1
UPDATE p SET [position] = q.[tidemark position]
FROM [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p JOIN (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.[tidemark position] IS NOT NULL) AS q ON [p].[stream_id] = [q].[stream_id];

-- apply, max_dop 1
INSERT INTO [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] ([stream_id], [position])
SELECT [q].[stream_id], q.[tidemark position]
FROM (SELECT s.* FROM #tidemark_stage AS s JOIN #tidemark_verdict AS v ON v.stage_row = s.[tidemark stage row]
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.[tidemark position] IS NOT NULL) AS q
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[tidemark].[tidemark_position__dbo__ReferralAttachment] AS p WHERE [p].[stream_id] = [q].[stream_id]);

-- flat capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[stream_id] AS [k1], CAST(NULL AS int) AS p, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE 1 = 1 AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l)) AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (READCOMMITTEDLOCK) WHERE [t].[stream_id] = [m].[stream_id] AND EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [m].[file_stream], DATALENGTH([m].[file_stream])) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [m].[name]), DATALENGTH(CONVERT(varbinary(8000), [m].[name]))) AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [m].[path_locator]) AND EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [m].[is_directory]))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id]);

-- flat capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[stream_id] AS [k1], CAST(NULL AS int) AS p, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE [m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["22222222-2222-2222-2222-222222222222"]') AS l) AND (N'[' + ISNULL((N'"' + REPLACE(STRING_ESCAPE(LOWER(CONVERT(nvarchar(36), [m].[stream_id])), 'json'), N'\/', N'/') + N'"'), N'null') + N']') IN (SELECT q.v FROM OPENJSON(N'["[\"22222222-2222-2222-2222-222222222222\"]"]') AS l CROSS APPLY (SELECT l.[value] AS v) AS q WHERE q.v IS NOT NULL) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- flat capture
INSERT INTO [tidemark_work].[r-abcde node] ([k1], p, bytes, role, down)
SELECT [m].[stream_id] AS [k1], CAST(NULL AS int) AS p, CAST(16 AS BIGINT) + ISNULL(CONVERT(bigint, DATALENGTH([m].[file_stream])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[name])), 0) + ISNULL(CONVERT(bigint, DATALENGTH([m].[path_locator])), 0) AS bytes, 'w', 0
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
WHERE 1 = 1 AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["33333333-3333-3333-3333-333333333333"]') AS l) AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l))
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde done_key] AS w WHERE [w].[k1] = [m].[stream_id])
  AND NOT EXISTS (SELECT 1 FROM [tidemark_work].[r-abcde node] AS w WHERE [w].[k1] = [m].[stream_id]);

-- flat stage
DROP TABLE IF EXISTS #tidemark_stage;

-- flat stage
SELECT q.* INTO #tidemark_stage FROM (SELECT [t].[stream_id] AS [stream_id], [t].[file_stream] AS [file_stream], [t].[name] AS [name], [t].[path_locator] AS [path_locator], [t].[is_directory] AS [is_directory], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE 1 = 0 UNION ALL SELECT [t].[stream_id] AS [stream_id], [t].[file_stream] AS [file_stream], [t].[name] AS [name], [t].[path_locator] AS [path_locator], [t].[is_directory] AS [is_directory], CAST(NULL AS bigint) AS [tidemark stage row] FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE 1 = 0) AS q;

-- flat stage
INSERT INTO #tidemark_stage ([stream_id], [file_stream], [name], [path_locator], [is_directory], [tidemark stage row])
SELECT [m].[stream_id], [m].[file_stream], [m].[name], [m].[path_locator], [m].[is_directory], w.n
FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) LEFT JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id]
JOIN [tidemark_work].[r-abcde captured] AS w ON [w].[k1] = [m].[stream_id]
WHERE w.n BETWEEN CAST(N'1' AS bigint) AND CAST(N'1000' AS bigint);

-- flat apply
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK, READCOMMITTEDLOCK) JOIN #tidemark_stage AS s ON [t].[stream_id] = [s].[stream_id]
WHERE NOT (EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream])) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator]) AND EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]));

-- flat apply
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory])
SELECT [s].[stream_id], [s].[file_stream], [s].[name], [s].[path_locator], [s].[is_directory]
FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK) WHERE [t].[stream_id] = [s].[stream_id]);

-- flat apply, max_dop 1
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK, READCOMMITTEDLOCK) JOIN #tidemark_stage AS s ON [t].[stream_id] = [s].[stream_id]
WHERE NOT (EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream])) AND EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name]))) AND EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator]) AND EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]))
OPTION (MAXDOP 1);

-- flat apply, max_dop 1
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory])
SELECT [s].[stream_id], [s].[file_stream], [s].[name], [s].[path_locator], [s].[is_directory]
FROM #tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (UPDLOCK, ROWLOCK) WHERE [t].[stream_id] = [s].[stream_id])
OPTION (MAXDOP 1);

-- replace
DELETE FROM t FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[beside] AS s WHERE [t].[stream_id] = [s].[stream_id]);

-- replace
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WITH (READCOMMITTEDLOCK) JOIN [Gwent_LA_FileTable].[dbo].[beside] AS s ON [t].[stream_id] = [s].[stream_id] WHERE NOT (EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream]))) OR NOT (EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name])))) OR NOT (EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator])) OR NOT (EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]));

-- replace
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory]) SELECT [stream_id], [file_stream], [name], [path_locator], [is_directory] FROM [Gwent_LA_FileTable].[dbo].[beside] AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [s].[stream_id]);

-- replace
DROP TABLE [Gwent_LA_FileTable].[dbo].[beside];

-- departure
SELECT 1 FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m WITH (READCOMMITTEDLOCK) JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] WITH (READCOMMITTEDLOCK) ON [m].[stream_id] = [j_meta].[stream_id];
