-- of a column
SELECT
s.[id] [key],
1 AS [one] FROM [dbo].[src] AS s;

-- of a table
SELECT s.[id] FROM [dbo].[src] AS s
, [dbo].[unit] u;

-- an array
SELECT
ARRAY[1, 2],
1 AS [one];
