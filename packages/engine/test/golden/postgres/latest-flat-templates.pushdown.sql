-- queue
DROP TABLE IF EXISTS "pg_temp"."tidemark_work_queued";

-- queue
CREATE TABLE "pg_temp"."tidemark_work_queued" AS SELECT * FROM (SELECT CAST("q"."id" AS bigint) AS "k1" FROM (SELECT x.id FROM "office"."meta" x WHERE (CAST(NULL AS timestamp without time zone) IS NULL OR x.changed_on > CAST(NULL AS timestamp without time zone)) AND x.changed_on <= CAST('UP_TO' AS timestamp without time zone)
  AND (CAST(NULL AS double precision) IS NULL OR x.id > 7) AND NOT EXISTS (SELECT 1 FROM "main"."dst" t WHERE t.id = x.id) -- ':after; {source}'
  AND x.id < CAST('250000' AS BIGINT)) AS q) AS q;

-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, rid, bytes, role)
SELECT "m"."id" AS "k1", "j_meta"."changed_on" AS p, NULL AS rid, CAST(24 AS BIGINT) + coalesce(octet_length("m"."path"), 0) + coalesce(octet_length("m"."parent"), 0) AS bytes, 'w' AS role
FROM "office"."src" AS m JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
WHERE EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_queued" AS q WHERE "q"."k1" = "m"."id") AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_done_key" AS w WHERE "w"."k1" = "m"."id");

-- types
SELECT "m"."id", "m"."path", "m"."parent", "m"."size", "m"."modified_on", "j_meta"."changed_on", "j_meta"."id", "t"."id", "t"."path", "t"."parent", "t"."size", "t"."modified_on"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id", "main"."dst" AS t LIMIT 0;

-- stage rows
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage rows
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT "j_ batch"."id" AS "id", "j_ batch"."path" AS "path", "j_ batch"."parent" AS "parent", "j_ batch"."size" AS "size", "j_ batch"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "tidemark position"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
JOIN (SELECT CAST("b"."id" AS bigint) AS "id", CAST("b"."path" AS text) AS "path", CAST("b"."parent" AS text) AS "parent", CAST("b"."size" AS double precision) AS "size", CAST("b"."modified_on" AS timestamp without time zone) AS "modified_on"
FROM (SELECT s.* FROM "office"."src" s JOIN (SELECT "k1" AS "id" FROM "pg_temp"."tidemark_work_captured" WHERE n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT)) b ON b.id = s.id) AS b) AS "j_ batch" ON "j_ batch"."id" = "m"."id";

-- verdict
DROP TABLE IF EXISTS pg_temp.tidemark_verdict;

-- verdict
CREATE TEMP TABLE tidemark_verdict ON COMMIT DROP AS
SELECT s."tidemark stage row" AS stage_row, "t".ctid AS target_row, p."position" AS held, CASE
  WHEN "t".ctid IS NULL THEN 'insert'
  WHEN s."tidemark position" > p."position" THEN 'update'
  WHEN s."tidemark position" < p."position" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "main"."dst" AS t ON "t"."id" = "s"."id"
LEFT JOIN "tidemark"."tidemark_position__main__dst" AS p ON "p"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN CAST("t"."path" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."path" AS text) COLLATE "C" AND CAST("t"."parent" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."parent" AS text) COLLATE "C" AND float8send("t"."size") IS NOT DISTINCT FROM float8send("s"."size") AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".ctid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
UPDATE "main"."dst" AS t SET "path" = "s"."path", "parent" = "s"."parent", "size" = "s"."size", "modified_on" = "s"."modified_on"
FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'update' AND "t"."id" = "s"."id";

-- apply
INSERT INTO "main"."dst" ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'insert';

-- apply
DELETE FROM "tidemark"."tidemark_position__main__dst" AS p WHERE EXISTS (SELECT 1 FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL AND "p"."id" = "s"."id");

-- apply
INSERT INTO "tidemark"."tidemark_position__main__dst" ("id", "position") SELECT "s"."id", s."tidemark position" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL;
