-- after a table
SELECT s.[id] FROM [dbo].[src] AS s
LIMIT 500;

-- after a table without a name of its own
SELECT [id] FROM [dbo].[src]
LIMIT 500;

-- after conditions
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[id] > 5
LIMIT 500;

-- after an order
SELECT s.[id] FROM [dbo].[src] AS s ORDER BY s.[id]
LIMIT 500;

-- in parentheses
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[id] IN (SELECT k.[id] FROM #keys AS k
LIMIT 500
);

-- of a delete
DELETE FROM [dbo].[marker] WHERE [run] = 5
LIMIT 500;
