-- read
COPY (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on" FROM "office"."src" AS m WHERE m.ctid >= CAST('(0,0)' AS pg_catalog.tid) AND m.ctid < CAST('(1000,0)' AS pg_catalog.tid) AND (("m"."modified_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1))) TO STDOUT (FORMAT binary);

-- verdict
DROP TABLE IF EXISTS pg_temp.tidemark_verdict;

-- verdict
CREATE TEMP TABLE tidemark_verdict ON COMMIT DROP AS
SELECT s."tidemark stage row" AS stage_row, "t".ctid AS target_row, NULL AS held, CASE
  WHEN "t".ctid IS NULL THEN 'insert'
  WHEN s."tidemark position" > "t"."modified_on" THEN 'update'
  WHEN s."tidemark position" < "t"."modified_on" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "main"."dst" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN CAST("t"."path" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."path" AS text) COLLATE "C" AND CAST("t"."parent" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."parent" AS text) COLLATE "C" AND float8send("t"."size") IS NOT DISTINCT FROM float8send("s"."size") AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".ctid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", 'TM5009', CASE WHEN "s"."path" IS NULL THEN 'path: NULL, and the target''s column takes none' END
FROM tidemark_stage AS s WHERE "s"."path" IS NULL;

-- rejects
INSERT INTO tidemark_bad
WITH landing AS (
  SELECT v.stage_row, v.target_row, CAST("s"."path" AS text) COLLATE "C" AS "u1"
  FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
  WHERE v.verdict IN ('insert', 'update') AND "s"."path" IS NOT NULL
), held AS (
  SELECT DISTINCT CAST("t"."path" AS text) COLLATE "C" AS "u1" FROM "main"."dst" AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE CAST("t"."path" AS text) COLLATE "C" = "l"."u1")
    AND NOT EXISTS (SELECT 1 FROM tidemark_verdict AS v WHERE v.target_row = "t".ctid AND v.verdict = 'update')
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN "main"."dst" AS t ON "t".ctid = l.target_row AND CAST("t"."path" AS text) COLLATE "C" = "l"."u1"
), ranked AS (
  SELECT l.*, row_number() OVER (PARTITION BY "u1" ORDER BY o.stage_row IS NULL, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
SELECT k.stage_row, 'TM5010', 'path' || ' ' || left(CAST(array_to_json(ARRAY[CAST("s"."path" AS text)]) AS text), 80) || ' is held by another row'
FROM tidemark_stage AS s JOIN ranked AS k ON k.stage_row = s."tidemark stage row" LEFT JOIN held AS h ON h."u1" = k."u1"
WHERE k.place > 1 OR h."u1" IS NOT NULL;

-- rejects
INSERT INTO tidemark_bad
WITH landing AS (
  SELECT v.stage_row, v.target_row, CAST("s"."parent" AS text) COLLATE "C" AS "u1", "s"."size" AS "u2"
  FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
  WHERE v.verdict IN ('insert', 'update') AND "s"."parent" IS NOT NULL AND "s"."size" IS NOT NULL
), held AS (
  SELECT DISTINCT CAST("t"."parent" AS text) COLLATE "C" AS "u1", "t"."size" AS "u2" FROM "main"."dst" AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE CAST("t"."parent" AS text) COLLATE "C" = "l"."u1" AND "t"."size" = "l"."u2")
    AND NOT EXISTS (SELECT 1 FROM tidemark_verdict AS v WHERE v.target_row = "t".ctid AND v.verdict = 'update')
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN "main"."dst" AS t ON "t".ctid = l.target_row AND CAST("t"."parent" AS text) COLLATE "C" = "l"."u1" AND "t"."size" = "l"."u2"
), ranked AS (
  SELECT l.*, row_number() OVER (PARTITION BY "u1", "u2" ORDER BY o.stage_row IS NULL, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
SELECT k.stage_row, 'TM5010', 'parent, size' || ' ' || left(CAST(array_to_json(ARRAY[CAST("s"."parent" AS text), CAST("s"."size" AS text)]) AS text), 80) || ' is held by another row'
FROM tidemark_stage AS s JOIN ranked AS k ON k.stage_row = s."tidemark stage row" LEFT JOIN held AS h ON h."u1" = k."u1" AND h."u2" = k."u2"
WHERE k.place > 1 OR h."u1" IS NOT NULL;

-- make way
DROP TABLE IF EXISTS pg_temp.tidemark_parked;

-- make way
CREATE TEMP TABLE tidemark_parked (stage_row bigint) ON COMMIT DROP;

-- make way
INSERT INTO tidemark_parked
SELECT DISTINCT v.stage_row FROM tidemark_verdict AS v JOIN "main"."dst" AS t ON "t".ctid = v.target_row
JOIN (SELECT v.stage_row, CAST("s"."path" AS text) COLLATE "C" AS "u1" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict IN ('insert', 'update')) AS w
  ON w.stage_row <> v.stage_row AND w."u1" = CAST("t"."path" AS text) COLLATE "C"
WHERE v.verdict = 'update' AND v.stage_row NOT IN (SELECT stage_row FROM tidemark_parked);

-- make way
INSERT INTO tidemark_parked
SELECT DISTINCT v.stage_row FROM tidemark_verdict AS v JOIN "main"."dst" AS t ON "t".ctid = v.target_row
JOIN (SELECT v.stage_row, CAST("s"."parent" AS text) COLLATE "C" AS "u1", "s"."size" AS "u2" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict IN ('insert', 'update')) AS w
  ON w.stage_row <> v.stage_row AND w."u1" = CAST("t"."parent" AS text) COLLATE "C" AND w."u2" = "t"."size"
WHERE v.verdict = 'update' AND v.stage_row NOT IN (SELECT stage_row FROM tidemark_parked);

-- apply
UPDATE "main"."dst" AS t SET "path" = "s"."path", "parent" = "s"."parent", "size" = "s"."size", "modified_on" = "s"."modified_on"
FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'update' AND "t"."id" = "s"."id";

-- apply
INSERT INTO "main"."dst" ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'insert';
