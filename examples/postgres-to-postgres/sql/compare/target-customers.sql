-- psql "$WAREHOUSE_URL" -f sql/compare/target-customers.sql > data/compare/target-customers.csv
COPY (SELECT customer_id, name, kind, credit, tags, preferences, updated_at FROM mirror.customers)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
