-- what a script for a DBA looks like, which may run twice

SET XACT_ABORT ON;

IF SCHEMA_ID(N'tidemark') IS NULL EXEC(N'CREATE SCHEMA [tidemark]');
GO
IF OBJECT_ID(N'[tidemark].[task]', N'U') IS NULL
BEGIN
  CREATE TABLE [tidemark].[task] (
    [id] bigint IDENTITY(1,1) NOT NULL CONSTRAINT [pk_task] PRIMARY KEY,
    [module] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES [tidemark].[module] ([id]),
    [spec] nvarchar(max) NOT NULL CONSTRAINT [ck_spec] CHECK (ISJSON([spec]) = 1),
    [is_active] bit NOT NULL CONSTRAINT [df_active] DEFAULT 1,
    [at] datetime2(7) NOT NULL DEFAULT SYSUTCDATETIME(),
    CONSTRAINT [uq_task] UNIQUE ([module], [at]),
    CONSTRAINT [ck_task] CHECK ([id] > 0 AND [module] LIKE N'[A-Za-z]%')
  );
  CREATE INDEX [ix_task] ON [tidemark].[task] ([at] DESC) INCLUDE ([is_active]);
END;
IF COL_LENGTH(N'tidemark.task', N'note') IS NULL ALTER TABLE [tidemark].[task] ADD [note] nvarchar(max) NULL;
GO
CREATE OR ALTER VIEW [tidemark].[task_now] AS
SELECT t.[id], t.[spec] FROM [tidemark].[task] AS t WHERE t.[is_active] = 1;
GO
CREATE OR ALTER TRIGGER [tidemark].[task_history] ON [tidemark].[task] AFTER UPDATE, DELETE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT UPDATE([spec]) RETURN;

  -- whoever wrote it
  INSERT INTO [tidemark].[task_history] ([task], [before], [after])
  SELECT d.[id], d.[spec], i.[spec] FROM deleted AS d LEFT JOIN inserted AS i ON i.[id] = d.[id];
  IF EXISTS (SELECT 1 FROM inserted AS i WHERE i.[is_active] IS NULL) THROW 51000, N'it is active or not', 1;
END;
GO
IF OBJECT_ID(N'[tidemark].[keep]', N'TR') IS NULL EXEC(N'CREATE TRIGGER [tidemark].[keep] ON [tidemark].[audit] INSTEAD OF DELETE AS BEGIN THROW 51001, N''history stays'', 1; END');
GO
