-- extraction
COPY (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer"
FROM "source"."main"."src" AS m
WHERE ((1 = 1 AND 1 = 1))) TO 'S-NOW.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880);

-- keys that are NULL
SELECT count(*) FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i WHERE "i"."id" IS NULL;

-- fingerprints
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_present" AS
SELECT i."tidemark key" AS key, i."tidemark first" AS first_hash, i."tidemark second" AS second_hash, "i"."file_row_number" AS place, CASE WHEN NOT i."tidemark same" THEN ["i"."id"] END AS "list0", CASE WHEN NOT i."tidemark same" THEN ["i"."name", "i"."customer"] END AS "list1", CASE WHEN NOT i."tidemark same" THEN ["i"."price"] END AS "list2"
FROM (SELECT i.*, (i."tidemark first", i."tidemark second") IN (SELECT (first_hash, second_hash) FROM (SELECT key, row_hash, first_hash, second_hash, place FROM "hot"."main"."hot_row" WHERE snapshot = 'S-BEFORE') AS f) AS "tidemark same"
FROM (SELECT i.*, CAST(to_json([CAST("i"."id" AS VARCHAR)]) AS VARCHAR) AS "tidemark key", hash("i"."customer", "i"."id", "i"."name", "i"."price") AS "tidemark first", hash(CAST("i"."price" AS VARCHAR), ('~' || CAST("i"."name" AS VARCHAR)), "i"."id", ('~' || CAST("i"."customer" AS VARCHAR))) AS "tidemark second" FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i) AS i) AS i;

-- keys that are there twice
SELECT key, count(*) FROM "temp"."main"."snapshot_present" GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 5;

-- comparison
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_judged" AS
SELECT coalesce(p.key, f.key) AS key,
  CASE WHEN f.key IS NULL THEN 'new' WHEN p.key IS NULL THEN 'deleted' WHEN (p.first_hash = f.first_hash AND p.second_hash = f.second_hash) THEN 'unchanged' ELSE 'changed' END AS kind,
  p.first_hash, p.second_hash, p.place, f.place AS old_place, f.row_hash AS old_hash
FROM "temp"."main"."snapshot_present" AS p
FULL JOIN (SELECT key, row_hash, first_hash, second_hash, place FROM "hot"."main"."hot_row" WHERE snapshot = 'S-BEFORE') AS f ON p.key = f.key;

-- row hashes
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_hashed" AS SELECT "i"."file_row_number" AS place, sha256(concat(coalesce(CAST(strlen("i"."customer") AS VARCHAR) || ':' || "i"."customer", 'N'), coalesce(CAST(strlen(CAST("i"."id" AS VARCHAR)) AS VARCHAR) || ':' || CAST("i"."id" AS VARCHAR), 'N'), coalesce(CAST(strlen("i"."name") AS VARCHAR) || ':' || "i"."name", 'N'), coalesce(CAST(strlen(CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END) AS VARCHAR) || ':' || CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END, 'N'))) AS row_hash FROM (SELECT p.place AS file_row_number, "p"."list0"[1] AS "id", "p"."list1"[1] AS "name", "p"."list1"[2] AS "customer", "p"."list2"[1] AS "price" FROM (SELECT * FROM "temp"."main"."snapshot_present" WHERE "list0" IS NOT NULL) AS p) AS i;

-- hot side
INSERT INTO "hot"."main"."hot_row" (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT 'S-NOW', j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM "temp"."main"."snapshot_judged" AS j LEFT JOIN "temp"."main"."snapshot_hashed" AS h ON h.place = j.place WHERE j.place IS NOT NULL;

-- hot side
INSERT INTO "hot"."main"."difference" (snapshot, key, kind) SELECT 'S-NOW', key, kind FROM "temp"."main"."snapshot_judged" WHERE kind <> 'unchanged';
