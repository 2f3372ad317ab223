-- extraction
COPY (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer"
FROM "source"."main"."src" AS m
WHERE ((1 = 1 AND 1 = 1))) TO 'S-NOW.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880);

-- keys that are NULL
SELECT count(*) FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i WHERE "i"."id" IS NULL;

-- fingerprints
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_present" AS
SELECT CAST(to_json([CAST("i"."id" AS VARCHAR)]) AS VARCHAR) AS key, hash("i"."customer", "i"."id", trim("i"."name"), "i"."price") AS first_hash, hash(CAST("i"."price" AS VARCHAR), ('~' || CAST(trim("i"."name") AS VARCHAR)), "i"."id", ('~' || CAST("i"."customer" AS VARCHAR))) AS second_hash, "i"."file_row_number" AS place FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i;

-- keys that are there twice
SELECT key, count(*) FROM "temp"."main"."snapshot_present" GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 5;

-- comparison
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_judged" AS
SELECT coalesce(p.key, f.key) AS key,
  CASE WHEN f.key IS NULL THEN 'new' WHEN p.key IS NULL THEN 'deleted' WHEN TRUE THEN 'unchanged' ELSE 'changed' END AS kind,
  p.first_hash, p.second_hash, p.place, f.place AS old_place, f.row_hash AS old_hash
FROM "temp"."main"."snapshot_present" AS p
FULL JOIN (SELECT key, row_hash, first_hash, second_hash, place FROM "hot"."main"."hot_row" WHERE snapshot = 'S-BEFORE') AS f ON p.key = f.key;

-- comparison
UPDATE "temp"."main"."snapshot_judged" SET kind = 'changed' WHERE kind = 'unchanged' AND place IN (
SELECT j.place FROM "temp"."main"."snapshot_judged" AS j
JOIN read_parquet('S-BEFORE.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS o ON "o"."file_row_number" = j.old_place
JOIN read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS n ON "n"."file_row_number" = j.place
WHERE j.kind = 'unchanged' AND NOT (("o"."id" IS NOT DISTINCT FROM "n"."id") AND (encode(trim("o"."name")) IS NOT DISTINCT FROM encode(trim("n"."name"))) AND ("o"."price" IS NOT DISTINCT FROM "n"."price") AND (encode("o"."customer") IS NOT DISTINCT FROM encode("n"."customer"))));

-- rows that the target lacks
UPDATE "temp"."main"."snapshot_judged" SET kind = 'new' WHERE kind = 'unchanged' AND place IN (SELECT "i"."file_row_number" FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i ANTI JOIN "target"."main"."dst" AS t ON "i"."id" = "t"."id");

-- new and changed rows
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_moved" AS SELECT "i"."file_row_number" AS place, ["i"."id"] AS "list0", ["i"."name", "i"."customer"] AS "list1", ["i"."price"] AS "list2"
FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i WHERE "i"."file_row_number" IN (SELECT place FROM "temp"."main"."snapshot_judged" WHERE kind IN ('new', 'changed'));

-- row hashes
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_hashed" AS SELECT "i"."file_row_number" AS place, sha256(concat(coalesce(CAST(strlen("i"."customer") AS VARCHAR) || ':' || "i"."customer", 'N'), coalesce(CAST(strlen(CAST("i"."id" AS VARCHAR)) AS VARCHAR) || ':' || CAST("i"."id" AS VARCHAR), 'N'), coalesce(CAST(strlen(trim("i"."name")) AS VARCHAR) || ':' || trim("i"."name"), 'N'), coalesce(CAST(strlen(CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END) AS VARCHAR) || ':' || CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END, 'N'))) AS row_hash FROM (SELECT p.place AS file_row_number, "p"."list0"[1] AS "id", "p"."list1"[1] AS "name", "p"."list1"[2] AS "customer", "p"."list2"[1] AS "price" FROM "temp"."main"."snapshot_moved" AS p) AS i;

-- hot side
INSERT INTO "hot"."main"."hot_row" (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT 'S-NOW', j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM "temp"."main"."snapshot_judged" AS j LEFT JOIN "temp"."main"."snapshot_hashed" AS h ON h.place = j.place WHERE j.place IS NOT NULL;

-- hot side
INSERT INTO "hot"."main"."difference" (snapshot, key, kind) SELECT 'S-NOW', key, kind FROM "temp"."main"."snapshot_judged" WHERE kind <> 'unchanged';

-- spool
CREATE OR REPLACE TABLE "work"."main"."spool" AS SELECT "i"."id" AS "id", "i"."name" AS "name", "i"."price" AS "price", "i"."customer" AS "customer" FROM (SELECT p.place AS file_row_number, "p"."list0"[1] AS "id", "p"."list1"[1] AS "name", "p"."list1"[2] AS "customer", "p"."list2"[1] AS "price" FROM "temp"."main"."snapshot_moved" AS p) AS i WHERE ("i"."file_row_number" IN (SELECT place FROM "temp"."main"."snapshot_judged" WHERE kind IN ('new', 'changed')) OR FALSE);

-- spool
CREATE OR REPLACE TABLE "work"."main"."spooled" AS SELECT 'spool:' || CAST(uuid() AS VARCHAR) AS id;

-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(16 AS BIGINT) + coalesce(strlen("m"."name"), 0) + coalesce(strlen("m"."customer"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "work"."main"."spool" AS m WHERE 1 = 1 AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "name", "price", "customer") SELECT "id", "name", "price", "customer" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'tie'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."name") IS NOT DISTINCT FROM encode("s"."name") AND "t"."price" IS NOT DISTINCT FROM "s"."price" AND encode("t"."customer") IS NOT DISTINCT FROM encode("s"."customer") THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
DELETE FROM "target"."main"."dst" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "name", "price", "customer")
SELECT "s"."id", "s"."name", "s"."price", "s"."customer" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
