-- of a column
SELECT s.[id]
::text
AS [id] FROM [dbo].[src] AS s;

-- of a column without a name
SELECT [id]
::text
FROM [dbo].[src];

-- of a text
SELECT N'5'
::text
AS [five];

-- of a sum
SELECT (s.[id] + 1)
::text
AS [next] FROM [dbo].[src] AS s;

-- in a condition
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[id]
::text
= N'5';

-- to a type of T-SQL
SELECT [id]
::bigint
FROM [dbo].[src];
