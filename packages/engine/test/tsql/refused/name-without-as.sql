-- of a column
SELECT
s.[id] [key],
1 AS [one] FROM [dbo].[src] AS s;

-- a join of another system
SELECT 1 AS [one] FROM [dbo].[src]
ANTI JOIN [dbo].[unit] AS u ON u.[id] = 5;

-- an array
SELECT
ARRAY[1, 2],
1 AS [one];
