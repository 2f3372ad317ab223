-- capture
SELECT min((CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number)), max((CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number)), count(*), coalesce(sum(CAST(8 AS BIGINT) + coalesce(strlen("m"."name"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM read_parquet(['DIR/inbox/orders/a.parquet', 'DIR/inbox/orders/b.parquet'], hive_partitioning = FALSE) AS m WHERE 1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."id" = "m"."id") GROUP BY (CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number) // 122880 ORDER BY 1;

-- apply to a target with no other row
INSERT INTO "target"."main"."dst" ("id", "name") SELECT "id", "name" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", (CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number) AS "tidemark stage row"
FROM read_parquet(['DIR/inbox/orders/a.parquet'], hive_partitioning = FALSE) AS m WHERE "m".file_row_number BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."id" = "m"."id")) AS s;

-- verdict
CREATE OR REPLACE TEMP TABLE tidemark_verdict AS
SELECT s."tidemark stage row" AS stage_row, "t".rowid AS target_row, NULL AS held, CASE
  WHEN "t".rowid IS NULL THEN 'insert'
  ELSE 'same'
END AS verdict
FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", (CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number) AS "tidemark stage row"
FROM read_parquet(['DIR/inbox/orders/a.parquet'], hive_partitioning = FALSE) AS m WHERE "m".file_row_number BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."id" = "m"."id")) AS s
LEFT JOIN "target"."main"."dst" AS t ON "t"."id" = "s"."id";

-- apply
INSERT INTO "target"."main"."dst" ("id", "name")
SELECT "s"."id", "s"."name" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", (CAST("m".file_index AS BIGINT) * 2061584302080 + "m".file_row_number) AS "tidemark stage row"
FROM read_parquet(['DIR/inbox/orders/a.parquet'], hive_partitioning = FALSE) AS m WHERE "m".file_row_number BETWEEN 1 AND 1000 AND 1 = 1 AND 1 = 1 AND NOT EXISTS (SELECT 1 FROM "target"."main"."dst" AS t WHERE "t"."id" = "m"."id")) AS s JOIN tidemark_verdict AS v ON v.stage_row = s."tidemark stage row"
WHERE v.verdict IN ('insert');
