-- sqlcmd -i sql/1-databases.sql, on the server of $OFFICE_URL
-- The databases of an office and of two receivers. Documents are rows of tables that are shaped like FileTables: a row's place in
-- the tree is its path_locator, and what can be computed from that is computed; the receivers' refer from each row to its folder, so
-- that a folder moves with all that is below it or not at all. A real FileTable wants FILESTREAM, which has to be switched on for
-- the server, and allows a name once in a folder, as these tables do not. A server without hierarchyid keeps the paths as text.
CREATE DATABASE [Records_Blobs];
GO
CREATE DATABASE [Records_Metadata];
GO
CREATE DATABASE [Clients_Metadata];
GO
CREATE DATABASE [North_FileTable];
GO
CREATE DATABASE [South_FileTable];
GO
USE [Records_Blobs];
GO
DECLARE @locator nvarchar(20) = N'varchar(800)';
DECLARE @parent nvarchar(200) =
  N'NULLIF(LEFT(path_locator, LEN(path_locator) - CHARINDEX(''/'', REVERSE(path_locator), 2) + 1), ''/'')';
IF TYPE_ID(N'hierarchyid') IS NOT NULL
  SELECT @locator = N'hierarchyid',
         @parent = N'CASE WHEN path_locator.GetLevel() > 1 THEN path_locator.GetAncestor(1) END';
DECLARE @columns nvarchar(max) = N'(
  stream_id uniqueidentifier NOT NULL UNIQUE, file_stream varbinary(max), name nvarchar(255) NOT NULL,
  path_locator ' + @locator + N' NOT NULL PRIMARY KEY, parent_path_locator AS ' + @parent + N',
  cached_file_size AS CONVERT(bigint, DATALENGTH(file_stream)), creation_time datetimeoffset(7) NOT NULL,
  last_write_time datetimeoffset(7) NOT NULL, is_directory bit NOT NULL)';
EXEC (N'CREATE TABLE dbo.ReferralAttachment ' + @columns);
EXEC (N'CREATE TABLE dbo.ClientAttachment ' + @columns);
GO
USE [North_FileTable];
GO
DECLARE @locator nvarchar(20) = N'varchar(800)';
DECLARE @parent nvarchar(200) =
  N'NULLIF(LEFT(path_locator, LEN(path_locator) - CHARINDEX(''/'', REVERSE(path_locator), 2) + 1), ''/'')';
IF TYPE_ID(N'hierarchyid') IS NOT NULL
  SELECT @locator = N'hierarchyid',
         @parent = N'CASE WHEN path_locator.GetLevel() > 1 THEN path_locator.GetAncestor(1) END';
DECLARE @columns nvarchar(max) = N'(
  stream_id uniqueidentifier NOT NULL UNIQUE, file_stream varbinary(max), name nvarchar(255) NOT NULL,
  path_locator ' + @locator + N' NOT NULL PRIMARY KEY, parent_path_locator AS ' + @parent + N' PERSISTED,
  cached_file_size AS CONVERT(bigint, DATALENGTH(file_stream)), creation_time datetimeoffset(7) NOT NULL,
  last_write_time datetimeoffset(7) NOT NULL, is_directory bit NOT NULL,
  FOREIGN KEY (parent_path_locator) REFERENCES dbo.';
EXEC (N'CREATE TABLE dbo.ReferralAttachment ' + @columns + N'ReferralAttachment (path_locator))');
EXEC (N'CREATE TABLE dbo.ClientAttachment ' + @columns + N'ClientAttachment (path_locator))');
GO
USE [South_FileTable];
GO
DECLARE @locator nvarchar(20) = N'varchar(800)';
DECLARE @parent nvarchar(200) =
  N'NULLIF(LEFT(path_locator, LEN(path_locator) - CHARINDEX(''/'', REVERSE(path_locator), 2) + 1), ''/'')';
IF TYPE_ID(N'hierarchyid') IS NOT NULL
  SELECT @locator = N'hierarchyid',
         @parent = N'CASE WHEN path_locator.GetLevel() > 1 THEN path_locator.GetAncestor(1) END';
DECLARE @columns nvarchar(max) = N'(
  stream_id uniqueidentifier NOT NULL UNIQUE, file_stream varbinary(max), name nvarchar(255) NOT NULL,
  path_locator ' + @locator + N' NOT NULL PRIMARY KEY, parent_path_locator AS ' + @parent + N' PERSISTED,
  cached_file_size AS CONVERT(bigint, DATALENGTH(file_stream)), creation_time datetimeoffset(7) NOT NULL,
  last_write_time datetimeoffset(7) NOT NULL, is_directory bit NOT NULL,
  FOREIGN KEY (parent_path_locator) REFERENCES dbo.';
EXEC (N'CREATE TABLE dbo.ReferralAttachment ' + @columns + N'ReferralAttachment (path_locator))');
EXEC (N'CREATE TABLE dbo.ClientAttachment ' + @columns + N'ClientAttachment (path_locator))');
GO

-- when a document was changed, and by whose unit
USE [Records_Metadata];
GO
CREATE TABLE dbo.ReferralAttachmentBase (
  ReferralAttachmentId uniqueidentifier NOT NULL PRIMARY KEY, ModifiedOn datetime2(7) NOT NULL,
  OwningBusinessUnit uniqueidentifier NOT NULL);
CREATE INDEX ReferralAttachmentBase_ModifiedOn ON dbo.ReferralAttachmentBase (ModifiedOn);
GO
USE [Clients_Metadata];
GO
CREATE TABLE dbo.ClientAttachmentBase (
  ClientAttachmentId uniqueidentifier NOT NULL PRIMARY KEY, ModifiedOn datetime2(7) NOT NULL,
  OwningBusinessUnit uniqueidentifier NOT NULL);
CREATE INDEX ClientAttachmentBase_ModifiedOn ON dbo.ClientAttachmentBase (ModifiedOn);
GO

-- the business units of a receiver
USE [North_FileTable];
GO
CREATE TABLE dbo.LA_BU (businessunit uniqueidentifier NOT NULL PRIMARY KEY);
INSERT INTO dbo.LA_BU
VALUES ('11111111-0000-0000-0000-000000000001'), ('22222222-0000-0000-0000-000000000002');
GO
USE [South_FileTable];
GO
CREATE TABLE dbo.LA_BU (businessunit uniqueidentifier NOT NULL PRIMARY KEY);
INSERT INTO dbo.LA_BU
VALUES ('33333333-0000-0000-0000-000000000003'), ('44444444-0000-0000-0000-000000000004');
GO
