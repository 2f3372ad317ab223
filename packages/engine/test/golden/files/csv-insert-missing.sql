-- spool
CREATE OR REPLACE TABLE "work"."main"."spool" AS
SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."amount" AS "amount"
FROM (SELECT CASE WHEN "id" IS NULL THEN NULL WHEN (TRY_CAST("id" AS BIGINT) IS NOT NULL AND regexp_full_match("id", '\s*[+-]?[0-9]+\s*')) THEN TRY_CAST("id" AS BIGINT) ELSE error('a text is no value of its column') END AS "id", "name" AS "name", CASE WHEN "amount" IS NULL THEN NULL WHEN (TRY_CAST("amount" AS DECIMAL(18,1)) IS NOT NULL AND regexp_full_match("amount", '\s*[+-]?[0-9]*(\.[0-9]{0,1}0*)?\s*')) THEN TRY_CAST("amount" AS DECIMAL(18,1)) ELSE error('a text is no value of its column') END AS "amount" FROM read_csv(['DIR/inbox/orders/a.csv'], auto_detect = FALSE, header = TRUE, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = FALSE, strict_mode = TRUE, null_padding = FALSE, hive_partitioning = FALSE, encoding = 'utf-8', columns = {'id': 'VARCHAR', 'name': 'VARCHAR', 'amount': 'VARCHAR'})
UNION ALL
SELECT CASE WHEN "id" IS NULL THEN NULL WHEN (TRY_CAST("id" AS BIGINT) IS NOT NULL AND regexp_full_match("id", '\s*[+-]?[0-9]+\s*')) THEN TRY_CAST("id" AS BIGINT) ELSE error('a text is no value of its column') END AS "id", "name" AS "name", CASE WHEN "amount" IS NULL THEN NULL WHEN (TRY_CAST("amount" AS DECIMAL(18,1)) IS NOT NULL AND regexp_full_match("amount", '\s*[+-]?[0-9]*(\.[0-9]{0,1}0*)?\s*')) THEN TRY_CAST("amount" AS DECIMAL(18,1)) ELSE error('a text is no value of its column') END AS "amount" FROM read_csv(['DIR/inbox/orders/b.csv'], auto_detect = FALSE, header = TRUE, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = FALSE, strict_mode = TRUE, null_padding = FALSE, hive_partitioning = FALSE, encoding = 'utf-8', columns = {'name': 'VARCHAR', 'id': 'VARCHAR', 'amount': 'VARCHAR'})) AS m
WHERE ((1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."id" = "m"."id")));

-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(16 AS BIGINT) + coalesce(strlen("m"."name"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "work"."main"."spool" AS m WHERE 1 = 1 AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "name", "amount") SELECT "id", "name", "amount" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."amount" AS "amount", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'same'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."amount" AS "amount", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- apply
INSERT INTO "target"."main"."dst" ("id", "name", "amount")
SELECT "s"."id", "s"."name", "s"."amount" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."amount" AS "amount", "m".rowid AS "tidemark stage row"
FROM "work"."main"."spool" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert');
