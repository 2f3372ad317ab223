-- The fees of four years are computed anew: thousands of rows, one transaction.
ATTACH 'data/office.duckdb' AS office;
USE office;

CREATE TEMP TABLE changed AS
SELECT stream_id FROM documents JOIN metadata USING (stream_id)
WHERE NOT is_directory AND regexp_matches(path_locator, '/202[3-6]/') AND name LIKE 'letter %';
BEGIN;
UPDATE documents SET fee = fee * 1.2 WHERE stream_id IN (FROM changed);
UPDATE metadata SET modified_on = now() AT TIME ZONE 'UTC' WHERE stream_id IN (FROM changed);
COMMIT;
SELECT count(*) FROM changed;
