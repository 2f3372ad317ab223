SELECT s.[id] FROM [dbo].[src] AS s;
VACUUM [dst];
