-- A day in the office, each change a transaction of its own.
ATTACH 'data/office.duckdb' AS office;
USE office;

-- thirty letters are edited
CREATE TEMP TABLE edited AS
SELECT stream_id FROM documents
WHERE NOT is_directory AND path_locator LIKE '/west/2024/0%' ORDER BY path_locator LIMIT 30;
BEGIN;
UPDATE documents SET content = content || encode('PS: ') WHERE stream_id IN (FROM edited);
UPDATE metadata SET modified_on = now() AT TIME ZONE 'UTC' WHERE stream_id IN (FROM edited);
COMMIT;

-- the north gives its year 2022 to the south: 493 locators change with the folder, but only the folder is stamped
BEGIN;
UPDATE documents SET
  path_locator = '/south/north 2022' || substr(path_locator, length('/north/2022') + 1),
  parent_path_locator = CASE WHEN path_locator = '/north/2022' THEN '/south'
    ELSE '/south/north 2022' || substr(parent_path_locator, length('/north/2022') + 1) END,
  name = CASE WHEN path_locator = '/north/2022' THEN 'north 2022' ELSE name END
WHERE path_locator = '/north/2022' OR starts_with(path_locator, '/north/2022/');
UPDATE metadata SET modified_on = now() AT TIME ZONE 'UTC'
WHERE stream_id = (SELECT stream_id FROM documents WHERE path_locator = '/south/north 2022');
COMMIT;

-- the sealed letter is edited too; it must not leave the office
BEGIN;
UPDATE documents SET content = encode('still not to leave the office') WHERE name = 'sealed.txt';
UPDATE metadata SET modified_on = now() AT TIME ZONE 'UTC'
WHERE stream_id = (SELECT stream_id FROM documents WHERE name = 'sealed.txt');
COMMIT;

CREATE TEMP MACRO new_document(path, folder) AS TABLE
  SELECT md5(path)::UUID, parse_filename(path), path, regexp_replace(path, '/[^/]*$', ''), folder,
    CASE WHEN NOT folder THEN encode('scanned: ' || path) END, NULL, now() AT TIME ZONE 'UTC';

-- a scanner makes two folders, which have no metadata at all, and puts a letter into the lower one
BEGIN;
INSERT INTO documents FROM new_document('/west/2026/scanner', true);
INSERT INTO documents FROM new_document('/west/2026/scanner/tray 1', true);
INSERT INTO documents FROM new_document('/west/2026/scanner/tray 1/page.txt', false);
INSERT INTO metadata SELECT md5('/west/2026/scanner/tray 1/page.txt')::UUID, now() AT TIME ZONE 'UTC', 'west';
COMMIT;

-- a letter whose folder is not there yet
BEGIN;
INSERT INTO documents FROM new_document('/south/2027/01/early letter.txt', false);
INSERT INTO metadata SELECT md5('/south/2027/01/early letter.txt')::UUID, now() AT TIME ZONE 'UTC', 'south';
COMMIT;
