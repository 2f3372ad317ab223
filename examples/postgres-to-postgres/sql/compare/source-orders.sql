-- psql "$SHOP_URL" -f sql/compare/source-orders.sql > data/compare/source-orders.csv
COPY (
  SELECT order_id, customer_id, region, amount, placed_at, note, status
  FROM sales.orders JOIN sales.order_status USING (order_id)
) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
