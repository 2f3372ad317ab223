-- extraction
COPY (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer"
FROM "source"."main"."src" AS m
WHERE ((1 = 1 AND 1 = 1))) TO 'S-NOW.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880);

-- keys that are NULL
SELECT count(*) FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i WHERE "i"."id" IS NULL;

-- fingerprints
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_present" AS
SELECT CAST(to_json([CAST("i"."id" AS VARCHAR)]) AS VARCHAR) AS key, hash("i"."customer", "i"."id", "i"."name", "i"."price") AS first_hash, hash(CAST("i"."price" AS VARCHAR), ('~' || CAST("i"."name" AS VARCHAR)), "i"."id", ('~' || CAST("i"."customer" AS VARCHAR))) AS second_hash, "i"."file_row_number" AS place FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i;

-- keys that are there twice
SELECT key, count(*) FROM "temp"."main"."snapshot_present" GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 5;

-- comparison
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_judged" AS
SELECT coalesce(p.key, f.key) AS key,
  CASE WHEN f.key IS NULL THEN 'new' WHEN p.key IS NULL THEN 'deleted' WHEN (p.first_hash = f.first_hash AND p.second_hash = f.second_hash) THEN 'unchanged' ELSE 'changed' END AS kind,
  p.first_hash, p.second_hash, p.place, f.place AS old_place, f.row_hash AS old_hash
FROM "temp"."main"."snapshot_present" AS p
FULL JOIN (SELECT key, CAST(NULL AS VARCHAR) AS row_hash, first_hash, second_hash, place FROM "temp"."main"."snapshot_present" WHERE FALSE) AS f ON p.key = f.key;

-- row hashes
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_hashed" AS SELECT "i"."file_row_number" AS place, sha256(concat(coalesce(CAST(strlen("i"."customer") AS VARCHAR) || ':' || "i"."customer", 'N'), coalesce(CAST(strlen(CAST("i"."id" AS VARCHAR)) AS VARCHAR) || ':' || CAST("i"."id" AS VARCHAR), 'N'), coalesce(CAST(strlen("i"."name") AS VARCHAR) || ':' || "i"."name", 'N'), coalesce(CAST(strlen(CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END) AS VARCHAR) || ':' || CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END, 'N'))) AS row_hash FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i;

-- hot side
INSERT INTO "hot"."main"."hot_row" (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT 'S-NOW', j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM "temp"."main"."snapshot_judged" AS j LEFT JOIN "temp"."main"."snapshot_hashed" AS h ON h.place = j.place WHERE j.place IS NOT NULL;

-- hot side in the target
CREATE TABLE IF NOT EXISTS "target"."tidemark"."snapshot" (store VARCHAR, flow VARCHAR, id VARCHAR, number BIGINT NOT NULL, scope VARCHAR NOT NULL, run VARCHAR NOT NULL,
  taken_at TIMESTAMPTZ NOT NULL, state VARCHAR NOT NULL, previous VARCHAR, rows BIGINT NOT NULL, new_rows BIGINT NOT NULL, changed_rows BIGINT NOT NULL,
  deleted_rows BIGINT NOT NULL, unchanged_rows BIGINT NOT NULL, schema_change VARCHAR NOT NULL, engine VARCHAR NOT NULL, key VARCHAR NOT NULL,
  compared VARCHAR NOT NULL, columns VARCHAR NOT NULL, image_bytes BIGINT NOT NULL);

-- hot side in the target
CREATE TABLE IF NOT EXISTS "target"."tidemark"."hot_row" (store VARCHAR NOT NULL, flow VARCHAR NOT NULL, snapshot VARCHAR NOT NULL, key VARCHAR NOT NULL, row_hash VARCHAR NOT NULL,
  first_hash UBIGINT NOT NULL, second_hash UBIGINT NOT NULL, place BIGINT NOT NULL);

-- hot side in the target
CREATE VIEW IF NOT EXISTS "target"."tidemark"."hot" AS SELECT r.store, r.flow, r.snapshot, r."key", r.row_hash, s.taken_at, s.scope, s.run, s.state
FROM "tidemark"."hot_row" AS r JOIN "tidemark"."snapshot" AS s ON s.store = r.store AND s.flow = r.flow AND s.id = r.snapshot;

-- hot side in the target
DELETE FROM "target"."tidemark"."hot_row" WHERE store = 'STORE' AND flow = 'm.t' AND snapshot IN ('S-NOW');

-- hot side in the target
DELETE FROM "target"."tidemark"."snapshot" WHERE store = 'STORE' AND flow = 'm.t' AND id IN ('S-NOW');

-- hot side in the target
INSERT INTO "target"."tidemark"."snapshot" (store, flow, "id", "number", "scope", "run", "taken_at", "state", "previous", "rows", "new_rows", "changed_rows", "deleted_rows", "unchanged_rows", "schema_change", "engine", "key", "compared", "columns", "image_bytes") VALUES ('STORE', 'm.t', 'S-NOW', '…', '{}', '…', '…', 'building', NULL, '…', '…', '…', '…', '…', '…', 'v0.0.0', '["id"]', '…', '…', '…');

-- hot side in the target
INSERT INTO "target"."tidemark"."hot_row" ("store", "flow", "snapshot", "key", "row_hash", "first_hash", "second_hash", "place") SELECT 'STORE', 'm.t', 'S-NOW', "key", "row_hash", "first_hash", "second_hash", "place" FROM (SELECT key, row_hash, first_hash, second_hash, place FROM "hot"."main"."hot_row" WHERE snapshot = 'S-NOW') AS h;
