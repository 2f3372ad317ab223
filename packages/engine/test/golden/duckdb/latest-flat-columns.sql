-- capture
INSERT INTO "work"."main"."node" ("k1", p, rid, bytes, role)
SELECT sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) AS "k1", "j_meta"."changed_on" AS p, "m".rowid AS rid, CAST(40 AS BIGINT) + coalesce(strlen("m"."path"), 0) AS bytes, 'w' AS role
FROM "source"."main"."src" AS m JOIN "source"."main"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
WHERE "j_meta"."changed_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "work"."main"."done_key" AS w WHERE "w"."k1" = sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))));

-- stage
CREATE OR REPLACE TEMP TABLE tidemark_stage AS
SELECT sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) AS "id", CASE WHEN "m"."path" IS NULL THEN NULL ELSE CAST('[gone]' AS VARCHAR) END AS "place", CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END AS "size", "m"."modified_on" AS "modified_on", "j_meta"."changed_on" AS "changed", CAST('east' AS VARCHAR) AS "site", "j_meta"."changed_on" AS "tidemark position", CASE WHEN ("m"."size" IS NOT NULL AND CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END IS NULL) THEN 'size: ' || to_json(left(CAST("m"."size" AS VARCHAR), 40)) || ' is not exactly DECIMAL(10,2)' END AS "tidemark unfit", w.n AS "tidemark stage row"
FROM "source"."main"."src" AS m LEFT JOIN "source"."main"."meta" AS "j_meta" ON "m"."id" = "j_meta"."id"
JOIN "work"."main"."captured" AS w ON "w"."k1" = sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR)))))
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT) AND "m".rowid BETWEEN (SELECT rid_from FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT)) AND (SELECT rid_to FROM "work"."main"."piece" WHERE first = CAST('1' AS BIGINT));

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  WHEN s."tidemark position" > "t"."changed" THEN 'update'
  WHEN s."tidemark position" < "t"."changed" THEN 'older'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN encode("t"."place") IS NOT DISTINCT FROM encode("s"."place") AND "t"."size" IS NOT DISTINCT FROM "s"."size" AND "t"."modified_on" IS NOT DISTINCT FROM "s"."modified_on" AND "t"."changed" IS NOT DISTINCT FROM "s"."changed" AND encode("t"."site") IS NOT DISTINCT FROM encode("s"."site") THEN 'same' ELSE 'update' END
FROM "target"."main"."dst" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".rowid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", CASE WHEN s."tidemark unfit" IS NULL THEN 'TM5009' ELSE 'TM4031' END, coalesce(s."tidemark unfit", NULL)
FROM tidemark_stage AS s WHERE s."tidemark unfit" IS NOT NULL;

-- apply
DELETE FROM "target"."main"."dst" AS t WHERE "t".rowid IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update');

-- apply
INSERT INTO "target"."main"."dst" ("id", "place", "size", "modified_on", "changed", "site")
SELECT "s"."id", "s"."place", "s"."size", "s"."modified_on", "s"."changed", "s"."site" FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert', 'update');
