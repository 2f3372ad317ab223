-- capture
SELECT min("m".rowid), max("m".rowid), count(*), coalesce(sum(CAST(16 AS BIGINT) + coalesce(strlen("m"."name"), 0)), 0), count(*) FILTER (WHERE "m"."id" IS NULL)
FROM "source"."main"."src" AS m WHERE "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1 GROUP BY "m".rowid // 122880 ORDER BY 1;

-- apply
COPY (SELECT "s"."id", "s"."name", "s"."modified_on" FROM (SELECT "m"."id" AS "id", "m"."name" AS "name", "m"."modified_on" AS "modified_on", "m"."modified_on" AS "tidemark position", "m".rowid AS "tidemark stage row"
FROM "source"."main"."src" AS m WHERE "m".rowid BETWEEN 1 AND 1000 AND "m"."modified_on" <= CAST('UP_TO' AS TIMESTAMP) AND 1 = 1) AS s ANTI JOIN "memory"."main"."out/orders" AS t ON "t"."id" = "s"."id") TO 'DIR/inbox/.tidemark/new/out/orders/RUN-STEP-BATCH.new' (FORMAT parquet, COMPRESSION zstd);
