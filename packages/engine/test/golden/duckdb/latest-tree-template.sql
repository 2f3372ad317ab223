-- capture
INSERT INTO "work"."main"."node" ("k1", p, loc, par, rid, bytes, role)
SELECT "m"."id" AS "k1", "m"."modified_on" AS p, "m"."path" AS loc, "m"."parent" AS par, "m".rowid AS rid, CAST(24 AS BIGINT) + coalesce(strlen("m"."path"), 0) + coalesce(strlen("m"."parent"), 0) AS bytes, 'w' AS role
FROM "source"."main"."src" AS m
WHERE "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "work"."main"."done_key" AS w WHERE "w"."k1" = "m"."id");

-- stage
CREATE OR REPLACE TEMP TABLE tidemark_stage AS
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m"."path" AS "tidemark locator", "m"."parent" AS "tidemark parent", w.n AS "tidemark stage row"
FROM "source"."main"."src" AS m
JOIN "work"."main"."captured" AS w ON "w"."k1" = "m"."id"
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT) AND "m".rowid BETWEEN (SELECT rid_from FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT)) AND (SELECT rid_to FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT));

-- stage children
CREATE OR REPLACE TEMP TABLE tidemark_stage AS
SELECT "j_ batch"."id" AS "id", "j_ batch"."path" AS "path", "j_ batch"."parent" AS "parent", "j_ batch"."size" AS "size", "j_ batch"."modified_on" AS "modified_on", "j_ batch"."modified_on" AS "tidemark position", "m"."path" AS "tidemark locator", "m"."parent" AS "tidemark parent"
FROM "source"."main"."src" AS m
JOIN (SELECT CAST("b"."id" AS BIGINT) AS "id", CAST("b"."path" AS VARCHAR) AS "path", CAST("b"."parent" AS VARCHAR) AS "parent", CAST("b"."size" AS DOUBLE) AS "size", CAST("b"."modified_on" AS TIMESTAMP) AS "modified_on"
FROM (SELECT s.* FROM "source"."main"."src" s JOIN (SELECT "k1" AS "id" FROM "work"."main"."captured" WHERE n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT)) b ON b.id = s.id) AS b) AS "j_ batch" ON "j_ batch"."id" = "m"."id";

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  WHEN s."tidemark position" > "t"."modified_on" THEN 'update'
  WHEN s."tidemark position" < "t"."modified_on" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."path") IS NOT DISTINCT FROM encode("s"."path") AND encode("t"."parent") IS NOT DISTINCT FROM encode("s"."parent") AND ("t"."size" IS NOT DISTINCT FROM "s"."size" AND signbit("t"."size") IS NOT DISTINCT FROM signbit("s"."size")) AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", 'TM5004', CAST(s."tidemark locator" AS VARCHAR) || ' needs ' || CAST(s."tidemark parent" AS VARCHAR)
FROM tidemark_stage AS s WHERE s."tidemark parent" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."path" = s."tidemark parent")
  AND NOT EXISTS (SELECT 1 FROM tidemark_stage AS o WHERE o."tidemark locator" = s."tidemark parent");

-- apply
DELETE FROM "target"."main"."dst" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "path", "parent", "size", "modified_on")
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
