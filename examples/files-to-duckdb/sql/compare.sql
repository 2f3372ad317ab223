-- What the files say against what the target holds, as text, every column of every row, in both directions.
ATTACH 'data/lake.duckdb' AS lake (READ_ONLY);

CREATE TEMP VIEW source_orders AS
SELECT DISTINCT order_id, customer_id, placed_at, amount::DECIMAL(18, 4)::VARCHAR AS amount, postcode, note
FROM read_csv('data/inbox/orders/*.csv', all_varchar = true, allow_quoted_nulls = false, union_by_name = true);
CREATE TEMP VIEW target_orders AS
SELECT COLUMNS(['order_id', 'customer_id', 'placed_at', 'amount', 'postcode', 'note'])::VARCHAR FROM lake.orders;

CREATE TEMP VIEW source_customers AS
SELECT customer_id, name, credit, export_no FROM read_parquet('data/inbox/customers/*.parquet')
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY export_no DESC) = 1;
CREATE TEMP VIEW target_customers AS
SELECT customer_id, name, credit, export_no FROM lake.customers;

SELECT 'orders',
  (SELECT count(*) FROM source_orders), (SELECT count(*) FROM target_orders),
  (SELECT count(*) FROM (FROM source_orders EXCEPT ALL FROM target_orders)),
  (SELECT count(*) FROM (FROM target_orders EXCEPT ALL FROM source_orders))
UNION ALL
SELECT 'customers',
  (SELECT count(*) FROM source_customers), (SELECT count(*) FROM target_customers),
  (SELECT count(*) FROM (FROM source_customers EXCEPT ALL FROM target_customers)),
  (SELECT count(*) FROM (FROM target_customers EXCEPT ALL FROM source_customers));
