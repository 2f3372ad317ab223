-- keys
SELECT "t"."id", CAST("t"."line" AS text), coalesce("t"."customer" = CAST('alder' AS text) AND NOT ("t"."id" IN (SELECT CAST(v AS bigint) FROM json_array_elements_text(CAST('["77"]' AS json)) AS l(v))) AND "t"."batch_out" = 2147483647, FALSE) FROM "public"."orders" AS t WHERE TRUE AND "t"."batch_out" = 2147483647;

-- deletes
UPDATE "public"."orders" AS t SET "batch_out" = CAST('6' AS int) FROM (SELECT CAST(x ->> 0 AS bigint) AS "k1", CAST(x ->> 1 AS character(4)) AS "k2" FROM (SELECT value AS x FROM json_array_elements(CAST('[["1", "a"], ["2", "b"]]' AS json))) AS l) AS g
WHERE "t"."id" = "g"."k1" AND "t"."line" = "g"."k2" AND "t"."customer" = CAST('alder' AS text) AND "t"."batch_out" = 2147483647;

-- verdict
DROP TABLE IF EXISTS pg_temp.tidemark_verdict;

-- verdict
CREATE TEMP TABLE tidemark_verdict ON COMMIT DROP AS
SELECT s."tidemark stage row" AS stage_row, "t".ctid AS target_row, NULL AS held, CASE
  WHEN "t".ctid IS NULL THEN 'insert'
  ELSE 'tie'
END AS verdict
FROM tidemark_stage AS s
LEFT JOIN "public"."orders" AS t ON "t"."id" = "s"."id" AND "t"."line" = "s"."line" AND "t"."batch_out" = 2147483647;

-- verdict
UPDATE tidemark_verdict AS v SET verdict = CASE WHEN CAST("t"."customer" AS text) COLLATE "C" IS NOT DISTINCT FROM CAST("s"."customer" AS text) COLLATE "C" AND "t"."amount" IS NOT DISTINCT FROM "s"."amount" AND float8send("t"."ratio") IS NOT DISTINCT FROM float8send("s"."ratio") THEN 'same' ELSE 'update' END
FROM "public"."orders" AS t, tidemark_stage AS s
WHERE v.verdict = 'tie' AND "t".ctid = v.target_row AND s."tidemark stage row" = v.stage_row;

-- apply
UPDATE "public"."orders" AS t SET "batch_out" = CAST('6' AS int)
FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict = 'update' AND "t"."id" = "s"."id" AND "t"."line" = "s"."line" AND "t"."batch_out" = 2147483647;

-- apply
INSERT INTO "public"."orders" ("id", "line", "customer", "amount", "ratio", "batch_in", "batch_out") OVERRIDING SYSTEM VALUE
SELECT "s"."id", "s"."line", "s"."customer", "s"."amount", "s"."ratio", CAST('7' AS int), 2147483647 FROM tidemark_stage AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row" WHERE v.verdict IN ('insert', 'update');
