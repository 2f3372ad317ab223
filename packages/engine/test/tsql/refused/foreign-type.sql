-- text
SELECT
CAST(s.[a] AS text) AS [a],
1 AS [one] FROM [dbo].[src] AS s;

-- timestamp
CREATE TABLE #stage (
[at] timestamp NULL,
[id] bigint NOT NULL);

-- boolean
DECLARE
@is_new boolean,
@n int;

-- bytes
SELECT CAST(j.[a] AS varbinary(max)) FROM OPENJSON(@p1) WITH (
[b] bytea '$.b',
[a] nvarchar(max) '$.a') AS j;
