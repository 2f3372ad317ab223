-- greater
SELECT s.[id],
s.[a] > s.[b] AS [newer],
1 AS [one] FROM [dbo].[src] AS s;

-- equal: SQL Server gives the column a name
SELECT s.[id],
[a] = s.[b],
1 AS [one] FROM [dbo].[src] AS s;

-- exists
SELECT
EXISTS (SELECT 1 FROM [dbo].[dst] AS t) AS [there],
1 AS [one];

-- null
SELECT s.[id] FROM [dbo].[src] AS s ORDER BY
s.[at] IS NULL,
s.[at];

-- set
UPDATE [dbo].[dst] SET
[newer] = ([a] > [b]),
[path] = N'x';

-- an argument
SELECT COALESCE(
s.[a] = s.[b],
0) AS [same] FROM [dbo].[src] AS s;
