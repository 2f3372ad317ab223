-- capture
INSERT INTO "work"."main"."node" ("k1", p, rid, bytes, role)
SELECT "m"."id" AS "k1", "j_meta"."changed_on" AS p, "m".rowid AS rid, CAST(24 AS BIGINT) + coalesce(strlen("m"."path"), 0) + coalesce(strlen("m"."parent"), 0) AS bytes, 'w' AS role
FROM "source"."main"."src" AS m JOIN "source"."main"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
WHERE "j_meta"."changed_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "work"."main"."done_key" AS w WHERE "w"."k1" = "m"."id");

-- stage
CREATE OR REPLACE TEMP TABLE tidemark_stage AS
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "tidemark position", w.n AS "tidemark stage row"
FROM "source"."main"."src" AS m LEFT JOIN "source"."main"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
JOIN "work"."main"."captured" AS w ON "w"."k1" = "m"."id"
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT) AND "m".rowid BETWEEN (SELECT rid_from FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT)) AND (SELECT rid_to FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT));

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, p."position" AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  WHEN s."tidemark position" > p."position" THEN 'update'
  WHEN s."tidemark position" < p."position" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id"
LEFT JOIN "target"."tidemark"."tidemark_position__main__dst" AS p ON "p"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."path") IS NOT DISTINCT FROM encode("s"."path") AND encode("t"."parent") IS NOT DISTINCT FROM encode("s"."parent") AND ("t"."size" IS NOT DISTINCT FROM "s"."size" AND signbit("t"."size") IS NOT DISTINCT FROM signbit("s"."size")) AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
DELETE FROM "target"."main"."dst" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "path", "parent", "size", "modified_on")
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');

-- apply
DELETE FROM "target"."tidemark"."tidemark_position__main__dst" AS p WHERE EXISTS (SELECT 1 FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL AND "p"."id" = "s"."id");

-- apply
INSERT INTO "target"."tidemark"."tidemark_position__main__dst" ("id", "position") SELECT "s"."id", s."tidemark position" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL;
