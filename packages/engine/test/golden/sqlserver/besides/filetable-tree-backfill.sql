-- tally
SELECT (SELECT COUNT_BIG(*) FROM [AdvancedRBSBlob_WCCIS].[dbo].[ReferralAttachment] AS m JOIN [AdvancedRBS_MetaData].[dbo].[cw_referralattachmentBase] AS [j_meta] ON [m].[stream_id] = [j_meta].[stream_id] WHERE 1 = 1 AND [j_meta].[OwningBusinessUnit] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b"]') AS l) AND [j_meta].[OwningBusinessUnit] = CONVERT(uniqueidentifier, N'0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b') AND NOT ([m].[stream_id] IN (SELECT CONVERT(uniqueidentifier, l.[value]) FROM OPENJSON(N'["7f8d53ec-b98c-f011-b86b-005056a2dd37"]') AS l)) AND NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [m].[stream_id])), 0, NULL, 0;

-- target
CREATE TABLE [dbo].[target] ([stream_id] uniqueidentifier NOT NULL, [file_stream] varbinary(max) NULL, [name] nvarchar(255) NULL, [path_locator] hierarchyid NULL, [is_directory] bit NULL, PRIMARY KEY ([stream_id]));

-- replace
SELECT COUNT_BIG(CASE WHEN b.[stream_id] IS NULL THEN 1 END), COUNT_BIG(*)
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t LEFT JOIN [Gwent_LA_FileTable].[dbo].[beside] AS b ON [b].[stream_id] = [t].[stream_id];

-- replace
DELETE FROM t FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[beside] AS s WHERE [t].[stream_id] = [s].[stream_id]);

-- replace
UPDATE t SET [file_stream] = [s].[file_stream], [name] = [s].[name], [path_locator] = [s].[path_locator], [is_directory] = [s].[is_directory]
FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t JOIN [Gwent_LA_FileTable].[dbo].[beside] AS s ON [t].[stream_id] = [s].[stream_id] WHERE NOT (EXISTS (SELECT [t].[file_stream], DATALENGTH([t].[file_stream]) INTERSECT SELECT [s].[file_stream], DATALENGTH([s].[file_stream]))) OR NOT (EXISTS (SELECT CONVERT(varbinary(8000), [t].[name]), DATALENGTH(CONVERT(varbinary(8000), [t].[name])) INTERSECT SELECT CONVERT(varbinary(8000), [s].[name]), DATALENGTH(CONVERT(varbinary(8000), [s].[name])))) OR NOT (EXISTS (SELECT [t].[path_locator] INTERSECT SELECT [s].[path_locator])) OR NOT (EXISTS (SELECT [t].[is_directory] INTERSECT SELECT [s].[is_directory]));

-- replace
INSERT INTO [Gwent_LA_FileTable].[dbo].[ReferralAttachment] ([stream_id], [file_stream], [name], [path_locator], [is_directory]) SELECT [stream_id], [file_stream], [name], [path_locator], [is_directory] FROM [Gwent_LA_FileTable].[dbo].[beside] AS s
WHERE NOT EXISTS (SELECT 1 FROM [Gwent_LA_FileTable].[dbo].[ReferralAttachment] AS t WHERE [t].[stream_id] = [s].[stream_id]);

-- replace
DROP TABLE [Gwent_LA_FileTable].[dbo].[beside];
