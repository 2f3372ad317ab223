-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(16 AS BIGINT) + coalesce(strlen("m"."name"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "source"."main"."src" AS m WHERE 1 = 1 AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."out/orders__tidemark_new" ("id", "name", "modified_on") SELECT "id", "name", "modified_on" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."modified_on" AS "modified_on", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'tie'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."modified_on" AS "modified_on", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
LEFT JOIN "target"."main"."out/orders__tidemark_new" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."name") IS NOT DISTINCT FROM encode("s"."name") AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "target"."main"."out/orders__tidemark_new" AS t, (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."modified_on" AS "modified_on", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
DELETE FROM "target"."main"."out/orders__tidemark_new" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."out/orders__tidemark_new" ("id", "name", "modified_on")
SELECT "s"."id", "s"."name", "s"."modified_on" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."modified_on" AS "modified_on", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
