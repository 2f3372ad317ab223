-- do nothing
INSERT INTO [dbo].[dst] ([id]) VALUES (1)
ON CONFLICT DO NOTHING;

-- of a key
INSERT INTO [dbo].[dst] ([id]) SELECT s.[id] FROM #stage AS s WHERE s.[id] > 5
ON CONFLICT ([id]) DO NOTHING;

-- do update
INSERT INTO [dbo].[dst] ([id], [path]) SELECT s.[id], s.[path] FROM #stage AS s WHERE s.[id] > 5
ON CONFLICT ([id]) DO UPDATE SET [path] = N'x';
