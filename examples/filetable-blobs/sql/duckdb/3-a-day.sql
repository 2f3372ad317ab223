-- A day in the office, each change a transaction of its own.
ATTACH 'data/office.duckdb' AS office;
USE office;

-- twelve letters of unit 2 are written anew, and the sealed one of unit 1
CREATE TEMP TABLE edited AS
SELECT md5('referral/2/3/' || c || '/' || n || '/')::UUID AS id FROM range(1, 5) AS a(c), range(1, 4) AS b(n)
UNION ALL SELECT '7F8D53EC-B98C-F011-B86B-005056A2DD37'::UUID;
BEGIN;
UPDATE "Records_Blobs.dbo".ReferralAttachment SET file_stream = encode('PS: ') || file_stream, last_write_time = now()
WHERE stream_id IN (FROM edited);
UPDATE "Records_Metadata.dbo".ReferralAttachmentBase SET ModifiedOn = now() AT TIME ZONE 'UTC'
WHERE ReferralAttachmentId IN (FROM edited);
COMMIT;

-- case 2 of unit 1's second year becomes case 7 of its third: twenty-one rows move, one of them is stamped
BEGIN;
UPDATE "Records_Blobs.dbo".ReferralAttachment SET path_locator = '/1/3/7/' || substr(path_locator, 8)
WHERE path_locator LIKE '/1/2/2/%';
UPDATE "Records_Metadata.dbo".ReferralAttachmentBase SET ModifiedOn = now() AT TIME ZONE 'UTC'
WHERE ReferralAttachmentId = md5('referral/1/2/2/')::UUID;
COMMIT;

-- a scanner of unit 4 makes a year, a case and a tray, which have no metadata, and puts a page into the tray
CREATE TEMP MACRO scanned(path, name, folder) AS TABLE
  SELECT md5('client' || path)::UUID, CASE WHEN NOT folder THEN encode('scanned') END, name, path, now(), now(), folder;
BEGIN;
INSERT INTO "Records_Blobs.dbo".ClientAttachment FROM scanned('/4/9/', 'year 9', true);
INSERT INTO "Records_Blobs.dbo".ClientAttachment FROM scanned('/4/9/1/', 'case 1', true);
INSERT INTO "Records_Blobs.dbo".ClientAttachment FROM scanned('/4/9/1/1/', 'tray 1', true);
INSERT INTO "Records_Blobs.dbo".ClientAttachment FROM scanned('/4/9/1/1/1/', 'page.txt', false);
INSERT INTO "Clients_Metadata.dbo".ClientAttachmentBase
VALUES (md5('client/4/9/1/1/1/')::UUID, now() AT TIME ZONE 'UTC', '44444444-0000-0000-0000-000000000004');
COMMIT;
