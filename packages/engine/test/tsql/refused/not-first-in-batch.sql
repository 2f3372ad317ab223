-- a view
SET NOCOUNT ON;
CREATE VIEW [dbo].[v] AS SELECT 1 AS [one];

-- a trigger
SET NOCOUNT ON;
CREATE TRIGGER [dbo].[r] ON [dbo].[dst] AFTER UPDATE AS BEGIN SET NOCOUNT ON; END;

-- a schema
SET NOCOUNT ON;
CREATE SCHEMA [tidemark];
