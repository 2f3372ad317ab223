-- sqlcmd -i sql/3-a-day.sql, on the server of $OFFICE_URL
-- A day in the office, each change a transaction of its own.
SET XACT_ABORT ON;

-- twelve letters of unit 2 are written anew, and the sealed one of unit 1
CREATE TABLE #edited (id uniqueidentifier NOT NULL);
INSERT INTO #edited
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'referral/2/3/' + c + '/' + n + '/'))
FROM (VALUES ('1'), ('2'), ('3'), ('4')) AS cases (c) CROSS JOIN (VALUES ('1'), ('2'), ('3')) AS letters (n);
INSERT INTO #edited VALUES ('7F8D53EC-B98C-F011-B86B-005056A2DD37');
BEGIN TRANSACTION;
UPDATE [Records_Blobs].dbo.ReferralAttachment
SET file_stream = CONVERT(varbinary(max), 'PS: ' + CONVERT(varchar(max), file_stream)), last_write_time = SYSDATETIMEOFFSET()
WHERE stream_id IN (SELECT id FROM #edited);
UPDATE [Records_Metadata].dbo.ReferralAttachmentBase SET ModifiedOn = SYSUTCDATETIME()
WHERE ReferralAttachmentId IN (SELECT id FROM #edited);
COMMIT TRANSACTION;

-- case 2 of unit 1's second year becomes case 7 of its third: twenty-one rows move, one of them is stamped
BEGIN TRANSACTION;
UPDATE [Records_Blobs].dbo.ReferralAttachment
SET path_locator = '/1/3/7/' + SUBSTRING(CONVERT(varchar(800), path_locator), 8, 800)
WHERE CONVERT(varchar(800), path_locator) LIKE '/1/2/2/%';
UPDATE [Records_Metadata].dbo.ReferralAttachmentBase SET ModifiedOn = SYSUTCDATETIME()
WHERE ReferralAttachmentId = CONVERT(uniqueidentifier, HASHBYTES('MD5', 'referral/1/2/2/'));
COMMIT TRANSACTION;

-- a scanner of unit 4 makes a year, a case and a tray, which have no metadata, and puts a page into the tray
BEGIN TRANSACTION;
INSERT INTO [Records_Blobs].dbo.ClientAttachment
  (stream_id, file_stream, name, path_locator, creation_time, last_write_time, is_directory)
SELECT CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client' + path)),
  CASE WHEN folder = 0 THEN CONVERT(varbinary(max), 'scanned') END, name, path, SYSDATETIMEOFFSET(), SYSDATETIMEOFFSET(), folder
FROM (VALUES ('/4/9/', N'year 9', 1), ('/4/9/1/', N'case 1', 1), ('/4/9/1/1/', N'tray 1', 1), ('/4/9/1/1/1/', N'page.txt', 0))
  AS scanned (path, name, folder);
INSERT INTO [Clients_Metadata].dbo.ClientAttachmentBase (ClientAttachmentId, ModifiedOn, OwningBusinessUnit)
VALUES (CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client/4/9/1/1/1/')), SYSUTCDATETIME(), '44444444-0000-0000-0000-000000000004');
COMMIT TRANSACTION;
GO
