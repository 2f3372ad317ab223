-- sqlcmd -i sql/5-one-more.sql, on the server of $OFFICE_URL
-- Somebody goes on working while the run lies dead.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
UPDATE [Records_Blobs].dbo.ClientAttachment SET file_stream = CONVERT(varbinary(max), 'written after the crash')
WHERE stream_id = CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client/3/1/1/1/'));
UPDATE [Clients_Metadata].dbo.ClientAttachmentBase SET ModifiedOn = SYSUTCDATETIME()
WHERE ClientAttachmentId = CONVERT(uniqueidentifier, HASHBYTES('MD5', 'client/3/1/1/1/'));
COMMIT TRANSACTION;
GO
