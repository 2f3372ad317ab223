-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, rid, bytes, role)
SELECT encode(sha256(decode([secret], 'hex') || sha256(decode([secret], 'hex') || convert_to(CAST("m"."id" AS text), 'UTF8'))), 'hex') AS "k1", "m"."modified_on" AS p, NULL AS rid, CAST(32 AS BIGINT) + coalesce(octet_length("m"."path"), 0) AS bytes, 'w' AS role
FROM "office"."src" AS m
WHERE "m"."modified_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_done_key" AS w WHERE "w"."k1" = encode(sha256(decode([secret], 'hex') || sha256(decode([secret], 'hex') || convert_to(CAST("m"."id" AS text), 'UTF8'))), 'hex'));

-- types
SELECT "m"."id", "m"."path", "m"."size", "m"."modified_on", "t"."id", "t"."place", "t"."size", "t"."modified_on", "t"."site"
FROM "office"."src" AS m, "main"."dst" AS t LIMIT 0;

-- stage
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT encode(sha256(decode([secret], 'hex') || sha256(decode([secret], 'hex') || convert_to(CAST("m"."id" AS text), 'UTF8'))), 'hex') AS "id", CASE WHEN "m"."path" IS NULL THEN NULL ELSE CAST('[gone]' AS character varying(6)) END AS "place", CASE WHEN float8send(CASE WHEN (CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END = 0 OR abs(CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END) BETWEEN 2.48e-324 AND 1.7976931348623157e308) OR CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END IN ('NaN', 'Infinity', '-Infinity') THEN CAST(CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END AS double precision) END) IS NOT DISTINCT FROM float8send("m"."size") THEN CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END END AS "size", "m"."modified_on" AS "modified_on", CAST('east' AS text) AS "site", "m"."modified_on" AS "tidemark position", CASE WHEN ("m"."size" IS NOT NULL AND CASE WHEN float8send(CASE WHEN (CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END = 0 OR abs(CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END) BETWEEN 2.48e-324 AND 1.7976931348623157e308) OR CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END IN ('NaN', 'Infinity', '-Infinity') THEN CAST(CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END AS double precision) END) IS NOT DISTINCT FROM float8send("m"."size") THEN CASE WHEN CAST("m"."size" AS numeric) = 'NaN' OR abs(round(CAST("m"."size" AS numeric), 2)) < CAST('1e8' AS numeric) THEN CAST(CAST("m"."size" AS numeric) AS numeric(10,2)) END END IS NULL) THEN 'size: ' || CAST(to_json(CAST(left(CAST("m"."size" AS VARCHAR), 40) AS text)) AS text) || ' is not exactly numeric(10,2)' END AS "tidemark unfit", w.n AS "tidemark stage row"
FROM "office"."src" AS m
JOIN "pg_temp"."tidemark_work_captured" AS w ON "w"."k1" = encode(sha256(decode([secret], 'hex') || sha256(decode([secret], 'hex') || convert_to(CAST("m"."id" AS text), 'UTF8'))), 'hex')
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT);

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", CASE WHEN s."tidemark unfit" IS NULL THEN 'TM5009' ELSE 'TM4031' END, coalesce(s."tidemark unfit", NULL)
FROM tidemark_stage AS s WHERE s."tidemark unfit" IS NOT NULL;

-- apply
WITH landed AS (
  INSERT INTO "main"."dst" AS t ("id", "place", "size", "modified_on", "site") OVERRIDING SYSTEM VALUE
  SELECT "id", "place", "size", "modified_on", "site" FROM tidemark_stage AS s
  ON CONFLICT ("id") DO NOTHING
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed;
