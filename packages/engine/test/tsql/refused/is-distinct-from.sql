-- plain
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[a]
IS DISTINCT FROM s.[b];

-- not
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[a]
IS NOT DISTINCT FROM s.[b];
