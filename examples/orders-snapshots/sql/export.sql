-- What the partner hands over every night: the whole table again, one row an order, its twenty lines side by side.
ATTACH IF NOT EXISTS 'data/partner.duckdb' AS partner;

CREATE OR REPLACE TABLE partner.orders AS
SELECT head.*, total, exported_at, wide.* EXCLUDE (order_id)
FROM partner.head
JOIN (SELECT order_id, sum(quantity * unit_price)::DECIMAL(18, 4) AS total, now()::TIMESTAMP AS exported_at FROM partner.line GROUP BY order_id) USING (order_id)
JOIN (
  PIVOT (SELECT * EXCLUDE (line), printf('line_%02d', line) AS place FROM partner.line) ON place
  USING any_value(sku) AS sku, any_value(description) AS description, any_value(quantity) AS quantity,
    any_value(unit_price) AS unit_price, any_value(discount) AS discount, any_value(tax) AS tax, any_value(weight) AS weight,
    any_value(promised_on) AS promised_on, any_value(shipped_at) AS shipped_at, any_value(warehouse) AS warehouse,
    any_value(batch) AS batch, any_value(backordered) AS backordered, any_value(note) AS note
  GROUP BY order_id
) AS wide USING (order_id);
SELECT count(*) FROM duckdb_columns() WHERE table_name = 'orders' AND database_name = 'partner';
