-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(24 AS BIGINT) + coalesce(strlen("m"."path"), 0) + coalesce(strlen("m"."parent"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "source"."main"."src" AS m WHERE "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "path", "parent", "size", "modified_on") SELECT "id", "path", "parent", "size", "modified_on" FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'same'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- apply
INSERT INTO "target"."main"."dst" ("id", "path", "parent", "size", "modified_on")
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert');
