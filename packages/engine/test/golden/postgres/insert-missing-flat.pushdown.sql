-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, rid, bytes, role)
SELECT "m"."id" AS "k1", "m"."modified_on" AS p, NULL AS rid, CAST(24 AS BIGINT) + coalesce(octet_length("m"."path"), 0) + coalesce(octet_length("m"."parent"), 0) AS bytes, 'w' AS role
FROM "office"."src" AS m
WHERE "m"."modified_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1
  AND NOT EXISTS (SELECT 1 FROM "pg_temp"."tidemark_work_done_key" AS w WHERE "w"."k1" = "m"."id");

-- types
SELECT "m"."id", "m"."path", "m"."parent", "m"."size", "m"."modified_on", "t"."id", "t"."path", "t"."parent", "t"."size", "t"."modified_on"
FROM "office"."src" AS m, "main"."dst" AS t LIMIT 0;

-- stage
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", w.n AS "tidemark stage row"
FROM "office"."src" AS m
JOIN "pg_temp"."tidemark_work_captured" AS w ON "w"."k1" = "m"."id"
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT);

-- apply
WITH landed AS (
  INSERT INTO "main"."dst" AS t ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
  SELECT "id", "path", "parent", "size", "modified_on" FROM tidemark_stage AS s
  ON CONFLICT ("id") DO NOTHING
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed;
