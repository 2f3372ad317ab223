-- The databases of an office and of two receivers, each as a schema of one file. Documents are rows of tables that are shaped
-- like FileTables: a row's place in the tree is its path_locator, and what can be computed from that is computed.
ATTACH 'data/office.duckdb' AS office;
USE office;

CREATE SCHEMA "Records_Blobs.dbo";
CREATE SCHEMA "Records_Metadata.dbo";
CREATE SCHEMA "Clients_Metadata.dbo";
CREATE SCHEMA "North_FileTable.dbo";
CREATE SCHEMA "South_FileTable.dbo";

CREATE TABLE "Records_Blobs.dbo".ReferralAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));
CREATE TABLE "Records_Blobs.dbo".ClientAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));
CREATE TABLE "North_FileTable.dbo".ReferralAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));
CREATE TABLE "North_FileTable.dbo".ClientAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));
CREATE TABLE "South_FileTable.dbo".ReferralAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));
CREATE TABLE "South_FileTable.dbo".ClientAttachment (
  stream_id UUID NOT NULL, file_stream BLOB, name VARCHAR NOT NULL, path_locator VARCHAR NOT NULL,
  creation_time TIMESTAMPTZ NOT NULL, last_write_time TIMESTAMPTZ NOT NULL, is_directory BOOLEAN NOT NULL,
  parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')),
  cached_file_size BIGINT GENERATED ALWAYS AS (octet_length(file_stream)));

-- when a document was changed, and by whose unit
CREATE TABLE "Records_Metadata.dbo".ReferralAttachmentBase (
  ReferralAttachmentId UUID NOT NULL, ModifiedOn TIMESTAMP NOT NULL, OwningBusinessUnit UUID NOT NULL);
CREATE TABLE "Clients_Metadata.dbo".ClientAttachmentBase (
  ClientAttachmentId UUID NOT NULL, ModifiedOn TIMESTAMP NOT NULL, OwningBusinessUnit UUID NOT NULL);

-- the business units of a receiver
CREATE TABLE "North_FileTable.dbo".LA_BU (businessunit UUID NOT NULL);
CREATE TABLE "South_FileTable.dbo".LA_BU (businessunit UUID NOT NULL);
INSERT INTO "North_FileTable.dbo".LA_BU
VALUES ('11111111-0000-0000-0000-000000000001'), ('22222222-0000-0000-0000-000000000002');
INSERT INTO "South_FileTable.dbo".LA_BU
VALUES ('33333333-0000-0000-0000-000000000003'), ('44444444-0000-0000-0000-000000000004');
