-- What the archive should hold against what it holds, every column of every row, in both directions.
ATTACH 'data/office.duckdb' AS office (READ_ONLY);
ATTACH 'data/archive.duckdb' AS archive (READ_ONLY);

CREATE TEMP VIEW source AS
FROM office.documents WHERE stream_id <> '7f8d53ec-b98c-f011-b86b-005056a2dd37';
CREATE TEMP VIEW target AS
SELECT stream_id, name, path_locator, parent_path_locator, is_directory, content, fee, created FROM archive.documents;

SELECT 'documents',
  (SELECT count(*) FROM source),
  (SELECT count(*) FROM target),
  (SELECT count(*) FROM (FROM source EXCEPT ALL FROM target)),
  (SELECT count(*) FROM (FROM target EXCEPT ALL FROM source));
