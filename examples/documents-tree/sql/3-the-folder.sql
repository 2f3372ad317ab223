-- The folders of the early letter are made at last.
ATTACH 'data/office.duckdb' AS office;
USE office;

BEGIN;
INSERT INTO documents
SELECT md5(path)::UUID, parse_filename(path), path, regexp_replace(path, '/[^/]*$', ''), true, NULL, NULL,
  now() AT TIME ZONE 'UTC'
FROM (SELECT unnest(['/south/2027', '/south/2027/01']) AS path);
INSERT INTO metadata
SELECT md5(path)::UUID, now() AT TIME ZONE 'UTC', 'south' FROM (SELECT unnest(['/south/2027', '/south/2027/01']) AS path);
COMMIT;
