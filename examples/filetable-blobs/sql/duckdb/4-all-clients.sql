-- Every letter to a client of the south gets a new head: one transaction.
ATTACH 'data/office.duckdb' AS office;
USE office;

CREATE TEMP TABLE changed AS
SELECT ClientAttachmentId AS id FROM "Clients_Metadata.dbo".ClientAttachmentBase
JOIN "Records_Blobs.dbo".ClientAttachment ON stream_id = ClientAttachmentId
WHERE OwningBusinessUnit IN (FROM "South_FileTable.dbo".LA_BU) AND NOT is_directory;
BEGIN;
UPDATE "Records_Blobs.dbo".ClientAttachment SET file_stream = encode('Our new address. ') || file_stream
WHERE stream_id IN (FROM changed);
UPDATE "Clients_Metadata.dbo".ClientAttachmentBase SET ModifiedOn = now() AT TIME ZONE 'UTC'
WHERE ClientAttachmentId IN (FROM changed);
COMMIT;
