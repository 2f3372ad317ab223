-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, loc, par, rid, bytes, role)
SELECT "m"."id" AS "k1", "j_meta"."changed_on" AS p, "m"."path" AS loc, "m"."parent" AS par, NULL AS rid, CAST(24 AS BIGINT) + coalesce(octet_length("m"."path"), 0) + coalesce(octet_length("m"."parent"), 0) AS bytes, 'w' AS role
FROM "office"."src" AS m JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
WHERE "j_meta"."changed_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_done_key" AS w WHERE "w"."k1" = "m"."id");

-- types
SELECT "m"."id", "m"."path", "m"."parent", "m"."size", "m"."modified_on", "j_meta"."changed_on", "j_meta"."id", "t"."id", "t"."path", "t"."parent", "t"."size", "t"."modified_on"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id", "main"."dst" AS t LIMIT 0;

-- stage
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "tidemark position", "m"."path" AS "tidemark locator", "m"."parent" AS "tidemark parent", w.n AS "tidemark stage row"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
JOIN "pg_temp"."tidemark_work_captured" AS w ON "w"."k1" = "m"."id"
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT);

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

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", 'TM5004', CAST(s."tidemark locator" AS VARCHAR) || ' needs ' || CAST(s."tidemark parent" AS VARCHAR)
FROM tidemark_stage AS s WHERE s."tidemark parent" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM "main"."dst" AS t WHERE "t"."path" = s."tidemark parent")
  AND NOT EXISTS (SELECT 1 FROM tidemark_stage AS o WHERE o."tidemark locator" = s."tidemark parent");

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
