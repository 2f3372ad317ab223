-- words
SELECT s.[id] FROM [dbo].[src] AS s;
THIS IS NO STATEMENT;

-- a parenthesis
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[id] IN (1, 2)
);

-- a second condition
SELECT s.[id] FROM [dbo].[src] AS s WHERE s.[id] > 5
WHERE s.[id] < 9;

-- an open block
SET NOCOUNT ON;
BEGIN SET NOCOUNT ON;

-- an open text
SET NOCOUNT ON;
SELECT N'x;

-- a character
SELECT s.[id] FROM [dbo].[src] AS s
`;
