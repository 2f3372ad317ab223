-- sqlcmd -i sql/compare.sql, on the server of $OFFICE_URL
-- What each receiver should hold against what it holds, every column of every row, in both directions: the rows of its units,
-- and the folders above them.
CREATE TABLE #due (receiver varchar(10), kind varchar(10), path varchar(800));
INSERT INTO #due
SELECT 'north', 'referral', CONVERT(varchar(800), d.path_locator) FROM [Records_Blobs].dbo.ReferralAttachment AS d
JOIN [Records_Metadata].dbo.ReferralAttachmentBase AS b ON b.ReferralAttachmentId = d.stream_id
JOIN [North_FileTable].dbo.LA_BU AS u ON u.businessunit = b.OwningBusinessUnit
WHERE d.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37'
UNION ALL
SELECT 'north', 'client', CONVERT(varchar(800), d.path_locator) FROM [Records_Blobs].dbo.ClientAttachment AS d
JOIN [Clients_Metadata].dbo.ClientAttachmentBase AS b ON b.ClientAttachmentId = d.stream_id
JOIN [North_FileTable].dbo.LA_BU AS u ON u.businessunit = b.OwningBusinessUnit
WHERE d.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37'
UNION ALL
SELECT 'south', 'referral', CONVERT(varchar(800), d.path_locator) FROM [Records_Blobs].dbo.ReferralAttachment AS d
JOIN [Records_Metadata].dbo.ReferralAttachmentBase AS b ON b.ReferralAttachmentId = d.stream_id
JOIN [South_FileTable].dbo.LA_BU AS u ON u.businessunit = b.OwningBusinessUnit
WHERE d.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37'
UNION ALL
SELECT 'south', 'client', CONVERT(varchar(800), d.path_locator) FROM [Records_Blobs].dbo.ClientAttachment AS d
JOIN [Clients_Metadata].dbo.ClientAttachmentBase AS b ON b.ClientAttachmentId = d.stream_id
JOIN [South_FileTable].dbo.LA_BU AS u ON u.businessunit = b.OwningBusinessUnit
WHERE d.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37';

CREATE TABLE #source (receiver varchar(10), kind varchar(10), stream_id uniqueidentifier, file_stream varbinary(max), name nvarchar(255), path varchar(800),
  parent varchar(800), creation_time datetimeoffset(7), last_write_time datetimeoffset(7), is_directory bit);
INSERT INTO #source
SELECT r.receiver, 'referral', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [Records_Blobs].dbo.ReferralAttachment AS o CROSS JOIN (VALUES ('north'), ('south')) AS r (receiver)
WHERE o.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37' AND EXISTS (
  SELECT 1 FROM #due AS d WHERE d.receiver = r.receiver AND d.kind = 'referral'
  AND d.path LIKE CONVERT(varchar(800), o.path_locator) + '%');
INSERT INTO #source
SELECT r.receiver, 'client', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [Records_Blobs].dbo.ClientAttachment AS o CROSS JOIN (VALUES ('north'), ('south')) AS r (receiver)
WHERE EXISTS (
  SELECT 1 FROM #due AS d WHERE d.receiver = r.receiver AND d.kind = 'client'
  AND d.path LIKE CONVERT(varchar(800), o.path_locator) + '%');

CREATE TABLE #target (receiver varchar(10), kind varchar(10), stream_id uniqueidentifier, file_stream varbinary(max), name nvarchar(255), path varchar(800),
  parent varchar(800), creation_time datetimeoffset(7), last_write_time datetimeoffset(7), is_directory bit);
INSERT INTO #target
SELECT 'north', 'referral', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [North_FileTable].dbo.ReferralAttachment;
INSERT INTO #target
SELECT 'north', 'client', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [North_FileTable].dbo.ClientAttachment;
INSERT INTO #target
SELECT 'south', 'referral', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [South_FileTable].dbo.ReferralAttachment;
INSERT INTO #target
SELECT 'south', 'client', stream_id, file_stream, name, CONVERT(varchar(800), path_locator), CONVERT(varchar(800), parent_path_locator),
  creation_time, last_write_time, is_directory
FROM [South_FileTable].dbo.ClientAttachment;
GO
SELECT p.receiver + '.' + p.kind AS what,
  (SELECT COUNT(*) FROM #source AS s WHERE s.receiver = p.receiver AND s.kind = p.kind) AS source_rows,
  (SELECT COUNT(*) FROM #target AS t WHERE t.receiver = p.receiver AND t.kind = p.kind) AS target_rows,
  (SELECT COUNT(*) FROM (SELECT * FROM #source EXCEPT SELECT * FROM #target) AS m
   WHERE m.receiver = p.receiver AND m.kind = p.kind) AS missing,
  (SELECT COUNT(*) FROM (SELECT * FROM #target EXCEPT SELECT * FROM #source) AS x
   WHERE x.receiver = p.receiver AND x.kind = p.kind) AS surplus
FROM (SELECT DISTINCT receiver, kind FROM #due) AS p
ORDER BY what;
GO
