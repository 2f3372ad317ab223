-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, rid, bytes, role)
SELECT "m"."path" AS "k1", "j_meta"."changed_on" AS p, NULL AS rid, CAST(24 AS BIGINT) + coalesce(octet_length("m"."path"), 0) + coalesce(octet_length("m"."parent"), 0) AS bytes, 'w' AS role
FROM "office"."src" AS m JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
WHERE "j_meta"."changed_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_done_key" AS w WHERE "w"."k1" = "m"."path");

-- types
SELECT "m"."id", "m"."path", "m"."parent", "m"."size", "m"."modified_on", "j_meta"."changed_on", "j_meta"."id", "t"."id", "t"."path", "t"."parent", "t"."size", "t"."modified_on"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id", "main"."dst" AS t LIMIT 0;

-- stage
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "tidemark position", w.n AS "tidemark stage row"
FROM "office"."src" AS m LEFT JOIN "office"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
JOIN "pg_temp"."tidemark_work_captured" AS w ON "w"."k1" = "m"."path"
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
LEFT JOIN "main"."dst" AS t ON "t"."path" = "s"."path"
LEFT JOIN "tidemark"."tidemark_position__main__dst" AS p ON "p"."path" = "s"."path";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN "t"."id" IS NOT DISTINCT FROM "s"."id" AND CAST("t"."parent" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."parent" AS text) COLLATE "C" AND float8send("t"."size") IS NOT DISTINCT FROM float8send("s"."size") AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" THEN 'same' ELSE 'update' END
FROM "main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".ctid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- rejects
INSERT INTO tidemark_bad
SELECT stage_row, 'TM5011', CASE WHEN other IS NULL THEN 'another row of the batch has a key that the target holds equal' ELSE 'the target holds it equal to ' || other END
FROM (
  SELECT v.stage_row, CASE WHEN "t".ctid IS NOT NULL AND NOT (CAST("t"."path" AS text) COLLATE "C" = CAST("s"."path" AS text) COLLATE "C") THEN CAST(array_to_json(ARRAY[CAST("t"."path" AS text)]) AS text) END AS other,
    row_number() OVER (PARTITION BY "s"."path" COLLATE public.nocase ORDER BY coalesce(CAST("t"."path" AS text) COLLATE "C" = CAST("s"."path" AS text) COLLATE "C", FALSE) DESC, v.stage_row) AS place
  FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
  LEFT JOIN "main"."dst" AS t ON "t".ctid = v.target_row
) AS q WHERE other IS NOT NULL OR place > 1;

-- apply
UPDATE "main"."dst" AS t SET "id" = "s"."id", "parent" = "s"."parent", "size" = "s"."size", "modified_on" = "s"."modified_on"
FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'update' AND "t"."path" = "s"."path";

-- apply
INSERT INTO "main"."dst" ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
SELECT "s"."id", "s"."path", "s"."parent", "s"."size", "s"."modified_on" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'insert';

-- apply
DELETE FROM "tidemark"."tidemark_position__main__dst" AS p WHERE EXISTS (SELECT 1 FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL AND "p"."path" = "s"."path");

-- apply
INSERT INTO "tidemark"."tidemark_position__main__dst" ("path", "position") SELECT "s"."path", s."tidemark position" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s."tidemark position" IS NOT NULL;
