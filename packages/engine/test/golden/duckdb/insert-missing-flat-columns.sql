-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(24 AS BIGINT) + coalesce(strlen("m"."path"), 0) + coalesce(strlen(CAST('east' AS VARCHAR)), 0)), 0), count(*) FILTER (WHERE sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) IS NULL)
FROM "source"."main"."src" AS m WHERE "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND TRUE GROUP BY "m".rowid // 122880 ORDER BY 1;

-- does each value fit its cast
SELECT count(*) FROM (SELECT 1 FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND TRUE AND (("m"."size" IS NOT NULL AND CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END IS NULL)) LIMIT 1) AS q;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "place", "size", "modified_on", "site") SELECT "id", "place", "size", "modified_on", "site" FROM (SELECT sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) AS "id", CASE WHEN "m"."path" IS NULL THEN NULL ELSE CAST('[gone]' AS VARCHAR) END AS "place", CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END AS "size", "m"."modified_on" AS "modified_on", CAST('east' AS VARCHAR) AS "site", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND TRUE) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, t.rowid AS target_row, NULL AS held, CASE
  WHEN t.rowid IS NULL THEN 'insert'
  ELSE 'same'
END AS verdict
FROM (SELECT sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) AS "id", CASE WHEN "m"."path" IS NULL THEN NULL ELSE CAST('[gone]' AS VARCHAR) END AS "place", CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END AS "size", "m"."modified_on" AS "modified_on", CAST('east' AS VARCHAR) AS "site", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND TRUE) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- apply
INSERT INTO "target"."main"."dst" ("id", "place", "size", "modified_on", "site")
SELECT "s"."id", "s"."place", "s"."size", "s"."modified_on", "s"."site" FROM (SELECT sha256(from_hex([secret]) || from_hex(sha256(from_hex([secret]) || encode(CAST("m"."id" AS VARCHAR))))) AS "id", CASE WHEN "m"."path" IS NULL THEN NULL ELSE CAST('[gone]' AS VARCHAR) END AS "place", CASE WHEN (TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE) IS NOT DISTINCT FROM "m"."size" AND signbit(TRY_CAST(TRY_CAST("m"."size" AS DECIMAL(10,2)) AS DOUBLE)) IS NOT DISTINCT FROM signbit("m"."size")) THEN TRY_CAST("m"."size" AS DECIMAL(10,2)) END AS "size", "m"."modified_on" AS "modified_on", CAST('east' AS VARCHAR) AS "site", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND TRUE) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert');
