-- a hint
SELECT s.[id] FROM [dbo].[src] AS s
WITH (NOLOCK);

-- its other name
DELETE FROM [dbo].[dst]
WITH (READUNCOMMITTED);

-- without WITH
SELECT s.[id] FROM [dbo].[src] AS s
(NOLOCK);

-- a level
SET NOCOUNT ON;
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
