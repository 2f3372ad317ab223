-- sqlcmd -i sql/4-all-clients.sql, on the server of $OFFICE_URL
-- Every letter to a client of the south gets a new head: one transaction.
SET XACT_ABORT ON;
CREATE TABLE #changed (id uniqueidentifier NOT NULL);
INSERT INTO #changed
SELECT b.ClientAttachmentId
FROM [Clients_Metadata].dbo.ClientAttachmentBase AS b
JOIN [Records_Blobs].dbo.ClientAttachment AS d ON d.stream_id = b.ClientAttachmentId
WHERE b.OwningBusinessUnit IN (SELECT businessunit FROM [South_FileTable].dbo.LA_BU) AND d.is_directory = 0;
BEGIN TRANSACTION;
UPDATE [Records_Blobs].dbo.ClientAttachment SET file_stream = CONVERT(varbinary(max), 'Our new address. ' + CONVERT(varchar(max), file_stream))
WHERE stream_id IN (SELECT id FROM #changed);
UPDATE [Clients_Metadata].dbo.ClientAttachmentBase SET ModifiedOn = SYSUTCDATETIME()
WHERE ClientAttachmentId IN (SELECT id FROM #changed);
COMMIT TRANSACTION;
GO
