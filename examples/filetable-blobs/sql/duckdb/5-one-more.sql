-- Somebody goes on working while the run lies dead.
ATTACH 'data/office.duckdb' AS office;
USE office;

BEGIN;
UPDATE "Records_Blobs.dbo".ClientAttachment SET file_stream = encode('written after the crash')
WHERE stream_id = md5('client/3/1/1/1/')::UUID;
UPDATE "Clients_Metadata.dbo".ClientAttachmentBase SET ModifiedOn = now() AT TIME ZONE 'UTC'
WHERE ClientAttachmentId = md5('client/3/1/1/1/')::UUID;
COMMIT;
