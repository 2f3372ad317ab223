-- filter
SELECT COUNT(*)
FILTER (WHERE [a] > 1)
FROM [dbo].[src];

-- distinct on
SELECT DISTINCT
ON ([a])
[b] FROM [dbo].[src];

-- nulls first
SELECT s.[id] FROM [dbo].[src] AS s ORDER BY s.[at]
NULLS FIRST;

-- lateral
SELECT x.[n] FROM [dbo].[src] AS s CROSS APPLY
LATERAL
(SELECT 1 AS [n]) AS x;

-- recursive
WITH
RECURSIVE
up AS (SELECT 1 AS [n] UNION ALL SELECT u.[n] + 1 FROM up AS u) SELECT u.[n] FROM up AS u;

-- on commit drop
CREATE TABLE #stage ([id] bigint NOT NULL)
ON COMMIT DROP;

-- overriding
INSERT INTO [dbo].[dst] ([id])
OVERRIDING SYSTEM VALUE
VALUES (1);

-- a name for the target
INSERT INTO [dbo].[dst]
AS t
([id]) VALUES (1);

-- a named window
SELECT SUM(s.[a]) OVER (ORDER BY s.[id]) AS [sum] FROM [dbo].[src] AS s
WINDOW w AS (ORDER BY s.[id]);
