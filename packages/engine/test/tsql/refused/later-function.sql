-- of 2017
SELECT
STRING_AGG(s.[name], N',') AS [names],
1 AS [one] FROM [dbo].[src] AS s;

-- of 2017 with its order
SELECT
STRING_AGG(s.[name], N',') WITHIN GROUP (ORDER BY s.[name]) AS [names],
1 AS [one] FROM [dbo].[src] AS s;

-- of 2017
SELECT
TRIM(s.[name]) AS [name],
1 AS [one] FROM [dbo].[src] AS s;

-- of 2022
SELECT
GREATEST(s.[a], s.[b]) AS [c],
1 AS [one] FROM [dbo].[src] AS s;

-- of PostgreSQL
SELECT
octet_length(s.[name]) AS [bytes],
1 AS [one] FROM [dbo].[src] AS s;
