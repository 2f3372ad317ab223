-- read
COPY (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "tidemark position" FROM "office"."src" AS m JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id" WHERE m.ctid >= CAST('(0,0)' AS pg_catalog.tid) AND m.ctid < CAST('(1000,0)' AS pg_catalog.tid) AND (("j_meta"."changed_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1))) TO STDOUT (FORMAT binary);

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
