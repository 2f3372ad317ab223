-- psql "$WAREHOUSE_URL" -f sql/compare/target-orders.sql > data/compare/target-orders.csv
COPY (SELECT order_id, customer_id, region, amount, placed_at, note, status FROM mirror.orders)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
