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

-- rows that the target lacks
UPDATE "temp"."main"."snapshot_judged" SET kind = 'new' WHERE kind = 'unchanged' AND place IN (SELECT "i"."file_row_number" FROM read_parquet('S-NOW.parquet', file_row_number = TRUE, hive_partitioning = FALSE) AS i ANTI JOIN (SELECT * FROM "target"."main"."dst" AS t WHERE TRUE AND "t"."batch_out" = 2147483647) AS t ON "i"."id" = "t"."id");

-- rows that the target loses
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_undone" AS
SELECT key FROM "hot"."main"."hot_row" WHERE snapshot = NULL
UNION SELECT key FROM "hot"."main"."difference" WHERE snapshot = NULL AND kind = 'undone';

-- rows that the target loses
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_gone" AS SELECT row_number() OVER () AS n, "t"."id" AS "k1"
FROM (SELECT * FROM "target"."main"."dst" AS t WHERE TRUE AND "t"."batch_out" = 2147483647) AS t WHERE 1 = 1 AND "t"."batch_out" = 2147483647 AND CAST(to_json([CAST("t"."id" AS VARCHAR)]) AS VARCHAR) NOT IN (SELECT key FROM "temp"."main"."snapshot_present") AND CAST(to_json([CAST("t"."id" AS VARCHAR)]) AS VARCHAR) IN (SELECT key FROM "temp"."main"."snapshot_judged" WHERE kind = 'deleted' UNION ALL SELECT key FROM "temp"."main"."snapshot_undone");

-- row hashes
CREATE OR REPLACE TEMP TABLE "temp"."main"."snapshot_hashed" AS SELECT "i"."file_row_number" AS place, sha256(concat(coalesce(CAST(strlen("i"."customer") AS VARCHAR) || ':' || "i"."customer", 'N'), coalesce(CAST(strlen(CAST("i"."id" AS VARCHAR)) AS VARCHAR) || ':' || CAST("i"."id" AS VARCHAR), 'N'), coalesce(CAST(strlen("i"."name") AS VARCHAR) || ':' || "i"."name", 'N'), coalesce(CAST(strlen(CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END) AS VARCHAR) || ':' || CASE WHEN suffix(CAST("i"."price" AS VARCHAR), '0') THEN rtrim(rtrim(CAST("i"."price" AS VARCHAR), '0'), '.') ELSE CAST("i"."price" AS VARCHAR) END, 'N'))) AS row_hash FROM (SELECT p.place AS file_row_number, "p"."list0"[1] AS "id", "p"."list1"[1] AS "name", "p"."list1"[2] AS "customer", "p"."list2"[1] AS "price" FROM (SELECT * FROM "temp"."main"."snapshot_present" WHERE "list0" IS NOT NULL) AS p) AS i;

-- hot side
INSERT INTO "hot"."main"."hot_row" (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT 'S-NOW', j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM "temp"."main"."snapshot_judged" AS j LEFT JOIN "temp"."main"."snapshot_hashed" AS h ON h.place = j.place WHERE j.place IS NOT NULL;

-- hot side
INSERT INTO "hot"."main"."difference" (snapshot, key, kind) SELECT 'S-NOW', key, kind FROM "temp"."main"."snapshot_judged" WHERE kind <> 'unchanged';

-- spool
CREATE OR REPLACE TABLE "work"."main"."gone" AS SELECT * FROM "temp"."main"."snapshot_gone";

-- spool
CREATE OR REPLACE TABLE "work"."main"."spool" AS SELECT "i"."id" AS "id", "i"."name" AS "name", "i"."price" AS "price", "i"."customer" AS "customer" FROM (SELECT p.place AS file_row_number, "p"."list0"[1] AS "id", "p"."list1"[1] AS "name", "p"."list1"[2] AS "customer", "p"."list2"[1] AS "price" FROM (SELECT * FROM "temp"."main"."snapshot_present" WHERE "list0" IS NOT NULL) AS p) AS i WHERE ("i"."file_row_number" IN (SELECT place FROM "temp"."main"."snapshot_judged" WHERE kind IN ('new', 'changed')) OR FALSE);

-- spool
CREATE OR REPLACE TABLE "work"."main"."spooled" AS SELECT 'spool:' || CAST(uuid() AS VARCHAR) AS id;

-- delete
UPDATE "target"."main"."dst" AS t SET "batch_out" = CAST('1' AS int) FROM "work"."main"."gone" AS g
WHERE g.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT)
  AND "t"."id" = "g"."k1" AND 1 = 1 AND "t"."batch_out" = 2147483647;

-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(16 AS BIGINT) + coalesce(strlen("m"."name"), 0) + coalesce(strlen("m"."customer"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "work"."main"."spool" AS m WHERE 1 = 1 AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "name", "price", "customer", "batch_in", "batch_out") SELECT "id", "name", "price", "customer", CAST('2' AS int), 2147483647 FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'tie'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id" AND "t"."batch_out" = 2147483647;

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."name") IS NOT DISTINCT FROM encode("s"."name") AND "t"."price" IS NOT DISTINCT FROM "s"."price" AND encode("t"."customer") IS NOT DISTINCT FROM encode("s"."customer") THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
UPDATE "target"."main"."dst" AS t SET "batch_out" = CAST('1' AS int) WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "name", "price", "customer", "batch_in", "batch_out")
SELECT "s"."id", "s"."name", "s"."price", "s"."customer", CAST('2' AS int), 2147483647 FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."price" AS "price", "m"."customer" AS "customer", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
