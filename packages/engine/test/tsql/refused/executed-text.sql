-- EXEC
SET NOCOUNT ON;
EXEC(N'CREATE VIEW [dbo].[v] AS SELECT s.[id] FROM [dbo].[src] AS s LIMIT 5');

-- sp_executesql
SET NOCOUNT ON;
EXEC sys.sp_executesql N'SELECT N''a'' || N''b''';

-- made when it runs
SET NOCOUNT ON;
EXEC(N'SET NOCOUNT ON; ' + @rest);

-- made before it runs
SET NOCOUNT ON;
EXEC sp_executesql @text;
