-- Another night. In one line somebody typed the letter O for a zero.
COPY (
  SELECT n AS order_id, 1 AS customer_id, '2026-11-02 08:00:00' AS placed_at,
    CASE WHEN n = 61700 THEN '12.5O' ELSE '12.50' END AS amount, '01234' AS postcode, 'by telephone' AS note
  FROM range(61401, 61901) AS t(n)
) TO 'data/inbox/orders/2026-11-02.csv' (HEADER);

COPY (
  SELECT 7::BIGINT AS customer_id, 'customer seven' AS name, NULL::DECIMAL(12, 2) AS credit, 3 AS export_no
) TO 'data/inbox/customers/export 3.parquet' (COMPRESSION zstd);
