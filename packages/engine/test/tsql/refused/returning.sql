-- an insert
INSERT INTO [dbo].[dst] ([id]) VALUES (1)
RETURNING [id];

-- an update
UPDATE [dbo].[dst] SET [path] = N'x' WHERE [id] = 1
RETURNING [id];
