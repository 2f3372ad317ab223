-- `latest` lets deleted orders stay. Whoever wants them gone has their keys in the file that `snapshot diff --out` wrote.
ATTACH 'data/lake.duckdb' AS lake;

DELETE FROM lake.orders WHERE order_id IN (
  SELECT CAST(key[1] AS BIGINT) FROM read_parquet('data/differences-*.parquet') WHERE kind = 'deleted'
) AND order_id NOT IN (SELECT CAST(key[1] AS BIGINT) FROM read_parquet('data/differences-*.parquet') WHERE kind = 'new');
