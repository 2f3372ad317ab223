-- psql "$SHOP_URL" -f sql/compare/source-customers.sql > data/compare/source-customers.csv
COPY (SELECT customer_id, name, kind, credit, tags, preferences, updated_at FROM sales.customers)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
