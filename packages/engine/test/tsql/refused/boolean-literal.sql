-- set
UPDATE [dbo].[dst] SET
[is_active] = TRUE,
[path] = N'x';

-- compared
SELECT s.[id] FROM [dbo].[src] AS s
WHERE s.[is_active] = false;
