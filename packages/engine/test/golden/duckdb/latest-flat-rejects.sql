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
  WHEN s."tidemark position" > "t"."modified_on" THEN 'update'
  WHEN s."tidemark position" < "t"."modified_on" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."path") IS NOT DISTINCT FROM encode("s"."path") AND encode("t"."parent") IS NOT DISTINCT FROM encode("s"."parent") AND ("t"."size" IS NOT DISTINCT FROM "s"."size" AND signbit("t"."size") IS NOT DISTINCT FROM signbit("s"."size")) AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", 'TM5009', CASE WHEN "s"."path" IS NULL THEN 'path: NULL, and the target''s column takes none' END
FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s WHERE "s"."path" IS NULL;

-- rejects
INSERT INTO tidemark_bad
WITH landing AS (
  SELECT v.stage_row, v.target_row, encode("s"."path") AS "u1"
  FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
  WHERE v.verdict IN ('insert', 'update') AND "s"."path" IS NOT NULL
), held AS (
  SELECT DISTINCT encode("t"."path") AS "u1" FROM "target"."main"."dst" AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE encode("t"."path") = "l"."u1")
    AND NOT EXISTS (SELECT 1 FROM tidemark_verdict AS v WHERE v.target_row = "t".rowid AND v.verdict = 'update')
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN "target"."main"."dst" AS t ON "t".rowid = l.target_row AND encode("t"."path") = "l"."u1"
), ranked AS (
  SELECT l.*, row_number() OVER (PARTITION BY "u1" ORDER BY o.stage_row IS NULL, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
SELECT k.stage_row, 'TM5010', 'path' || ' ' || left(CAST(to_json([CAST("s"."path" AS VARCHAR)]) AS VARCHAR), 80) || ' is held by another row'
FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN ranked AS k ON k.stage_row = s."tidemark stage row" LEFT JOIN held AS h ON h."u1" = k."u1"
WHERE k.place > 1 OR h."u1" IS NOT NULL;

-- rejects
INSERT INTO tidemark_bad
WITH landing AS (
  SELECT v.stage_row, v.target_row, encode("s"."parent") AS "u1", "s"."size" AS "u2"
  FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
  WHERE v.verdict IN ('insert', 'update') AND "s"."parent" IS NOT NULL AND "s"."size" IS NOT NULL
), held AS (
  SELECT DISTINCT encode("t"."parent") AS "u1", "t"."size" AS "u2" FROM "target"."main"."dst" AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE encode("t"."parent") = "l"."u1" AND "t"."size" = "l"."u2")
    AND NOT EXISTS (SELECT 1 FROM tidemark_verdict AS v WHERE v.target_row = "t".rowid AND v.verdict = 'update')
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN "target"."main"."dst" AS t ON "t".rowid = l.target_row AND encode("t"."parent") = "l"."u1" AND "t"."size" = "l"."u2"
), ranked AS (
  SELECT l.*, row_number() OVER (PARTITION BY "u1", "u2" ORDER BY o.stage_row IS NULL, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
SELECT k.stage_row, 'TM5010', 'parent, size' || ' ' || left(CAST(to_json([CAST("s"."parent" AS VARCHAR), CAST("s"."size" AS VARCHAR)]) AS VARCHAR), 80) || ' is held by another row'
FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN ranked AS k ON k.stage_row = s."tidemark stage row" LEFT JOIN held AS h ON h."u1" = k."u1" AND h."u2" = k."u2"
WHERE k.place > 1 OR h."u1" IS NOT NULL;

-- apply
DELETE FROM "target"."main"."dst" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "path", "parent", "size", "modified_on")
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
