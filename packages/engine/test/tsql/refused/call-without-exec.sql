-- a word of another system
SELECT s.[id] FROM [dbo].[src] AS s;
VACUUM [dst];

-- half a THROW
SET NOCOUNT ON;
THROW 51000;

-- half a THROW, at the beginning
THROW 51000, N'x';
