-- capture
INSERT INTO "pg_temp"."tidemark_work_node" ("k1", p, loc, par, rid, bytes, role)
SELECT "m"."id" AS "k1", "m"."modified_on" AS p, "m"."path" AS loc, "m"."parent" AS par, NULL AS rid, CAST(24 AS BIGINT) + coalesce(octet_length("m"."path"), 0) + coalesce(octet_length("m"."parent"), 0) AS bytes, 'w' AS role
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
SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m"."path" AS "tidemark locator", "m"."parent" AS "tidemark parent", w.n AS "tidemark stage row"
FROM "office"."src" AS m
JOIN "pg_temp"."tidemark_work_captured" AS w ON "w"."k1" = "m"."id"
WHERE w.n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT);

-- stage children
DROP TABLE IF EXISTS pg_temp.tidemark_stage;

-- stage children
CREATE TEMP TABLE tidemark_stage ON COMMIT DROP AS
SELECT "j_ batch"."id" AS "id", "j_ batch"."path" AS "path", "j_ batch"."parent" AS "parent", "j_ batch"."size" AS "size", "j_ batch"."modified_on" AS "modified_on", "j_ batch"."modified_on" AS "tidemark position", "m"."path" AS "tidemark locator", "m"."parent" AS "tidemark parent"
FROM "office"."src" AS m
JOIN (SELECT CAST("b"."id" AS bigint) AS "id", CAST("b"."path" AS text) AS "path", CAST("b"."parent" AS text) AS "parent", CAST("b"."size" AS double precision) AS "size", CAST("b"."modified_on" AS timestamp without time zone) AS "modified_on"
FROM (SELECT s.* FROM "office"."src" s JOIN (SELECT "k1" AS "id" FROM "pg_temp"."tidemark_work_captured" WHERE n BETWEEN CAST('1' AS BIGINT) AND CAST('1000' AS BIGINT)) b ON b.id = s.id) AS b) AS "j_ batch" ON "j_ batch"."id" = "m"."id";

-- rejects
INSERT INTO tidemark_bad
SELECT s."tidemark stage row", 'TM5004', CAST(s."tidemark locator" AS VARCHAR) || ' needs ' || CAST(s."tidemark parent" AS VARCHAR)
FROM tidemark_stage AS s WHERE s."tidemark parent" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM "main"."dst" AS t WHERE "t"."path" = s."tidemark parent")
  AND NOT EXISTS (SELECT 1 FROM tidemark_stage AS o WHERE o."tidemark locator" = s."tidemark parent");

-- apply
WITH landed AS (
  INSERT INTO "main"."dst" AS t ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
  SELECT "id", "path", "parent", "size", "modified_on" FROM tidemark_stage AS s
  ON CONFLICT ("id") DO UPDATE SET "path" = "excluded"."path", "parent" = "excluded"."parent", "size" = "excluded"."size", "modified_on" = "excluded"."modified_on"
  WHERE CASE WHEN "excluded"."modified_on" > "t"."modified_on" THEN TRUE WHEN "excluded"."modified_on" < "t"."modified_on" THEN FALSE ELSE NOT (CAST("t"."path" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("excluded"."path" AS text) COLLATE "C" AND CAST("t"."parent" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("excluded"."parent" AS text) COLLATE "C" AND float8send("t"."size") IS NOT DISTINCT FROM float8send("excluded"."size") AND "t"."modified_on" IS NOT DISTINCT FROM "excluded"."modified_on") END
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed;
