-- words of PostgreSQL
SELECT s.[id] FROM [dbo].[src] AS s
WITH (FOR SHARE);

-- a word that is none
SELECT s.[id] FROM [dbo].[src] AS s
WITH (ROW SHARE);

-- one that could be
SELECT s.[id] FROM [dbo].[src] AS s
WITH (SHARELOCK);

-- a hint without WITH
SELECT s.[id] FROM [dbo].[src] AS s
(UPDLOCK);
