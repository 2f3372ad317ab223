-- psql "$LAKE_URL" -f sql/compare/orders.sql > data/compare/orders.csv
COPY (SELECT * FROM orders) TO STDOUT (FORMAT csv, HEADER)
