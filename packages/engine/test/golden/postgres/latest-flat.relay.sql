-- read
COPY (SELECT "m"."id" AS "id", "m"."path" AS "path", "m"."parent" AS "parent", "m"."size" AS "size", "m"."modified_on" AS "modified_on" FROM "office"."src" AS m WHERE m.ctid >= CAST('(0,0)' AS pg_catalog.tid) AND m.ctid < CAST('(1000,0)' AS pg_catalog.tid) AND (("m"."modified_on" <= CAST('UP_TO' AS timestamp without time zone) AND 1 = 1))) TO STDOUT (FORMAT binary);

-- apply
WITH landed AS (
  INSERT INTO "main"."dst" AS t ("id", "path", "parent", "size", "modified_on") OVERRIDING SYSTEM VALUE
  SELECT "id", "path", "parent", "size", "modified_on" FROM tidemark_stage AS s
  ON CONFLICT ("id") DO UPDATE SET "path" = "excluded"."path", "parent" = "excluded"."parent", "size" = "excluded"."size", "modified_on" = "excluded"."modified_on"
  WHERE CASE WHEN "excluded"."modified_on" > "t"."modified_on" THEN TRUE WHEN "excluded"."modified_on" < "t"."modified_on" THEN FALSE ELSE NOT (CAST("t"."path" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("excluded"."path" AS text) COLLATE "C" AND CAST("t"."parent" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("excluded"."parent" AS text) COLLATE "C" AND float8send("t"."size") IS NOT DISTINCT FROM float8send("excluded"."size") AND "t"."modified_on" IS NOT DISTINCT FROM "excluded"."modified_on") END
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed;
