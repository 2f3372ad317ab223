-- Three months of orders as CSV and all customers as Parquet.
CREATE MACRO orders_of(first, last) AS TABLE
  SELECT
    n AS order_id,
    1 + n * 7919 % 20000 AS customer_id,
    TIMESTAMP '2026-08-01 00:00:00' + to_seconds(n * 131) AS placed_at,
    ((hash(n) % 10000000)::DECIMAL(18, 4) / 10000)::DECIMAL(18, 4) AS amount,
    printf('%05d', n * 37 % 100000) AS postcode,
    -- NULL, the empty text, a comma, a line break, quotes, and the word NULL are six different things
    CASE n % 7
      WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'left, then right' WHEN 3 THEN 'first line' || chr(10) || 'second line'
      WHEN 4 THEN 'the "blue" one' WHEN 5 THEN 'NULL' ELSE 'Tŷ Gwyn, naïve ☕'
    END AS note
  FROM range(first, last + 1) AS t(n);

COPY (FROM orders_of(1, 20000)) TO 'data/inbox/orders/2026-08.csv' (HEADER);
COPY (FROM orders_of(20001, 40000)) TO 'data/inbox/orders/2026-09.csv' (HEADER);
COPY (FROM orders_of(40001, 60000)) TO 'data/inbox/orders/2026-10.csv' (HEADER);

COPY (
  SELECT n AS customer_id, 'customer ' || n AS name, (n * 1.25)::DECIMAL(12, 2) AS credit, 1 AS export_no
  FROM range(1, 20001) AS t(n)
) TO 'data/inbox/customers/export 1.parquet' (COMPRESSION zstd);
