-- A night later. The orders of the last day are exported once more: 100 of these 1 500 were in the file before.
CREATE MACRO orders_of(first, last) AS TABLE
  SELECT * REPLACE (order_id::BIGINT AS order_id) FROM read_csv('data/inbox/orders/2026-10.csv', all_varchar = true, allow_quoted_nulls = false)
  WHERE order_id::BIGINT BETWEEN first AND last;

COPY (
  FROM orders_of(59901, 60000)
  UNION ALL
  SELECT * REPLACE (order_id + 1400 AS order_id) FROM orders_of(58601, 60000)
) TO 'data/inbox/orders/2026-11-01.csv' (HEADER);

-- 700 customers changed, 300 are new
COPY (
  SELECT n AS customer_id, 'customer ' || n || ' & partners' AS name, (n * 2)::DECIMAL(12, 2) AS credit, 2 AS export_no
  FROM range(19301, 20301) AS t(n)
) TO 'data/inbox/customers/export 2.parquet' (COMPRESSION zstd);
