-- a column
SELECT s.[id] FROM [dbo].[src] AS s
WHERE s.[is_active];

-- not
SELECT s.[id] FROM [dbo].[src] AS s
WHERE NOT s.[is_active];

-- and
SELECT s.[id] FROM [dbo].[src] AS s
WHERE s.[id] > 5 AND s.[is_active];

-- true
SELECT s.[id] FROM [dbo].[src] AS s
WHERE TRUE;
