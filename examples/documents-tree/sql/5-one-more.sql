-- Somebody goes on working while the run lies dead.
ATTACH 'data/office.duckdb' AS office;
USE office;

BEGIN;
UPDATE documents SET content = encode('written after the crash')
WHERE path_locator = '/south/2026/11/joint report.txt';
UPDATE metadata SET modified_on = now() AT TIME ZONE 'UTC'
WHERE stream_id = (SELECT stream_id FROM documents WHERE path_locator = '/south/2026/11/joint report.txt');
COMMIT;
