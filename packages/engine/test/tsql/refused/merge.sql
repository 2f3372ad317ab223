MERGE INTO [dbo].[dst] AS t USING #stage AS s ON t.[id] = s.[id] WHEN MATCHED THEN UPDATE SET t.[path] = s.[path];
