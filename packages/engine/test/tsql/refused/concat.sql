-- of names
SELECT "x"
|| "y"
AS [xy] FROM [dbo].[src];

-- of columns
SELECT s.[x]
|| s.[y]
AS [xy] FROM [dbo].[src] AS s;

-- in a condition
SELECT s.[x] FROM [dbo].[src] AS s WHERE s.[x] = N'a'
|| N'b';

-- in a default
CREATE TABLE #stage ([a] nvarchar(9) NOT NULL CONSTRAINT [df] DEFAULT (N'a'
|| N'b'
), [b] int NULL);
