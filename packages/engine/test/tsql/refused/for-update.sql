-- of a table
SELECT f.[token] FROM [tidemark].[fence] AS f
FOR UPDATE;

-- after conditions
SELECT f.[token] FROM [tidemark].[fence] AS f WHERE f.[flow] = @p1
FOR UPDATE;

-- after an order
SELECT f.[token] FROM [tidemark].[fence] AS f ORDER BY f.[slot]
FOR UPDATE;

-- of what is free
SELECT f.[token] FROM [tidemark].[fence] AS f WHERE f.[flow] = @p1
FOR UPDATE SKIP LOCKED;

-- share
SELECT f.[token] FROM [tidemark].[fence] AS f WHERE f.[flow] = @p1
FOR SHARE;
