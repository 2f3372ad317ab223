-- with a count
SELECT s.[id] FROM [dbo].[src] AS s ORDER BY s.[id]
OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY;

-- without one
SELECT s.[id] FROM [dbo].[src] AS s ORDER BY s.[id]
OFFSET 10 ROWS;
