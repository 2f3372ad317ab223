-- keys
SELECT "t"."id", CAST("t"."line" AS text), coalesce("t"."customer" = CAST('alder' AS text) AND NOT ("t"."id" IN (SELECT CAST(v AS bigint) FROM json_array_elements_text(CAST('["77"]' AS json)) AS l(v))), FALSE) FROM "public"."orders" AS t WHERE TRUE;

-- deletes
DELETE FROM "public"."orders" AS t USING (SELECT CAST(x ->> 0 AS bigint) AS "k1", CAST(x ->> 1 AS character(4)) AS "k2" FROM (SELECT value AS x FROM json_array_elements(CAST('[["1", "a"], ["2", "b"]]' AS json))) AS l) AS g
WHERE "t"."id" = "g"."k1" AND "t"."line" = "g"."k2" AND "t"."customer" = CAST('alder' AS text);

-- apply
WITH landed AS (
  INSERT INTO "public"."orders" AS t ("id", "line", "customer", "amount", "ratio") OVERRIDING SYSTEM VALUE
  SELECT "id", "line", "customer", "amount", "ratio" FROM tidemark_stage AS s
  ON CONFLICT ("id", "line") DO UPDATE SET "customer" = "excluded"."customer", "amount" = "excluded"."amount", "ratio" = "excluded"."ratio"
  WHERE NOT (CAST("t"."customer" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("excluded"."customer" AS text) COLLATE "C" AND "t"."amount" IS NOT DISTINCT FROM "excluded"."amount" AND float8send("t"."ratio") IS NOT DISTINCT FROM float8send("excluded"."ratio"))
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed;
