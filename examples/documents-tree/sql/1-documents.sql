-- Three business units, five years, twelve months, forty documents each: folders and documents are rows of one table
-- that refers to itself. When a document was changed stands in a second table, with the unit that owns it.
ATTACH 'data/office.duckdb' AS office;
USE office;

CREATE TABLE documents (
  stream_id UUID NOT NULL,
  name VARCHAR NOT NULL,
  path_locator VARCHAR NOT NULL,
  parent_path_locator VARCHAR,
  is_directory BOOLEAN NOT NULL,
  content BLOB,
  fee DECIMAL(18, 4),
  created TIMESTAMP NOT NULL
);
CREATE TABLE metadata (
  stream_id UUID NOT NULL,
  modified_on TIMESTAMP NOT NULL,
  business_unit VARCHAR NOT NULL
);

CREATE TEMP TABLE paths AS
WITH units AS (SELECT unnest(['north', 'south', 'west']) AS unit),
     years AS (SELECT unit, '/' || unit || '/' || year AS path FROM units, range(2022, 2027) AS t(year)),
     months AS (SELECT unit, path || '/' || printf('%02d', month) AS path FROM years, range(1, 13) AS t(month))
SELECT unit, '/' || unit AS path, true AS is_directory FROM units
UNION ALL SELECT unit, path, true FROM years
UNION ALL SELECT unit, path, true FROM months
UNION ALL SELECT unit, path || '/letter ' || n || '.txt', false FROM months, range(1, 41) AS t(n)
-- filed by the north in a folder of the south
UNION ALL SELECT 'north', '/south/2026/11/joint report.txt', false;

INSERT INTO documents
SELECT md5(path)::UUID, parse_filename(path), path, nullif(regexp_replace(path, '/[^/]*$', ''), ''), is_directory,
       CASE WHEN NOT is_directory THEN encode(repeat('Dear all, ', 1 + (hash(path) % 20)::INT)) END,
       CASE WHEN NOT is_directory THEN (hash(path) % 100000000)::DECIMAL(18, 4) / 10000 END,
       (now() AT TIME ZONE 'UTC') - INTERVAL 60 DAY
FROM paths;
INSERT INTO metadata
SELECT md5(path)::UUID, (now() AT TIME ZONE 'UTC') - to_minutes((hash(path) % 80000)::INT) - INTERVAL 1 DAY, unit
FROM paths;

INSERT INTO documents VALUES ('7f8d53ec-b98c-f011-b86b-005056a2dd37', 'sealed.txt', '/north/2026/11/sealed.txt',
  '/north/2026/11', false, encode('not to leave the office'), NULL, (now() AT TIME ZONE 'UTC'));
INSERT INTO metadata VALUES ('7f8d53ec-b98c-f011-b86b-005056a2dd37', (now() AT TIME ZONE 'UTC'), 'north');
