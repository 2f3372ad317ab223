-- sqlcmd -i sql/2-documents.sql, on the server of $OFFICE_URL
-- Four units, three years, five cases a year, twenty documents a case, in each of two tables. A case has metadata; a unit's
-- folder and a year's have none.
CREATE TABLE #numbers (n int NOT NULL, t varchar(2) NOT NULL);
INSERT INTO #numbers (n, t)
SELECT n, CONVERT(varchar(2), n)
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18), (19), (20)) AS v (n);
CREATE TABLE #places (
  u varchar(1) NOT NULL, path varchar(100) NOT NULL, name nvarchar(100) NOT NULL, is_directory bit NOT NULL,
  has_metadata bit NOT NULL);
INSERT INTO #places SELECT t, '/' + t + '/', N'unit ' + t, 1, 0 FROM #numbers WHERE n <= 4;
INSERT INTO #places
SELECT u, path + t + '/', N'year ' + t, 1, 0 FROM #places CROSS JOIN #numbers WHERE name LIKE N'unit%' AND n <= 3;
INSERT INTO #places
SELECT u, path + t + '/', N'case ' + t, 1, 1 FROM #places CROSS JOIN #numbers WHERE name LIKE N'year%' AND n <= 5;
INSERT INTO #places
SELECT u, path + t + '/', N'letter ' + t + N'.txt', 0, 1 FROM #places CROSS JOIN #numbers WHERE name LIKE N'case%';
-- filed by unit 1 into a case of unit 3: none of the three folders above it is of the north
INSERT INTO #places VALUES ('1', '/3/2/4/21/', N'joint report.txt', 0, 1);

INSERT INTO [Records_Blobs].dbo.ReferralAttachment
  (stream_id, file_stream, name, path_locator, creation_time, last_write_time, is_directory)
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'referral' + path)),
  CASE WHEN is_directory = 0 THEN CONVERT(varbinary(max), 'Dear all, ' + path) END, name, path,
  DATEADD(day, -90, SYSDATETIMEOFFSET()), DATEADD(day, -60, SYSDATETIMEOFFSET()), is_directory
FROM #places;
INSERT INTO [Records_Metadata].dbo.ReferralAttachmentBase (ReferralAttachmentId, ModifiedOn, OwningBusinessUnit)
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'referral' + path)),
  DATEADD(minute, -1440 - n * 59 % 80000, SYSUTCDATETIME()),
  CONVERT(uniqueidentifier, REPLICATE(u, 8) + '-0000-0000-0000-00000000000' + u)
FROM (SELECT path, u, has_metadata, ROW_NUMBER() OVER (ORDER BY path) AS n FROM #places) AS p
WHERE has_metadata = 1;
INSERT INTO [Records_Blobs].dbo.ClientAttachment
  (stream_id, file_stream, name, path_locator, creation_time, last_write_time, is_directory)
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client' + path)),
  CASE WHEN is_directory = 0 THEN CONVERT(varbinary(max), 'To the client, ' + path) END, name, path,
  DATEADD(day, -90, SYSDATETIMEOFFSET()), DATEADD(day, -60, SYSDATETIMEOFFSET()), is_directory
FROM #places;
INSERT INTO [Clients_Metadata].dbo.ClientAttachmentBase (ClientAttachmentId, ModifiedOn, OwningBusinessUnit)
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client' + path)),
  DATEADD(minute, -1440 - n * 59 % 80000, SYSUTCDATETIME()),
  CONVERT(uniqueidentifier, REPLICATE(u, 8) + '-0000-0000-0000-00000000000' + u)
FROM (SELECT path, u, has_metadata, ROW_NUMBER() OVER (ORDER BY path) AS n FROM #places) AS p
WHERE has_metadata = 1;

-- one key leaves the office in no run: here a letter of unit 1
INSERT INTO [Records_Blobs].dbo.ReferralAttachment
  (stream_id, file_stream, name, path_locator, creation_time, last_write_time, is_directory)
VALUES ('7F8D53EC-B98C-F011-B86B-005056A2DD37', CONVERT(varbinary(max), 'sealed'), N'sealed.txt', '/1/1/1/99/',
  SYSDATETIMEOFFSET(), SYSDATETIMEOFFSET(), 0);
INSERT INTO [Records_Metadata].dbo.ReferralAttachmentBase (ReferralAttachmentId, ModifiedOn, OwningBusinessUnit)
VALUES ('7F8D53EC-B98C-F011-B86B-005056A2DD37', SYSUTCDATETIME(), '11111111-0000-0000-0000-000000000001');
GO
