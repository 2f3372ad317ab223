-- psql "$SHOP_URL" -f sql/compare/source-events.sql > data/compare/source-events.csv
COPY (SELECT event_id, order_id, what, payload, happened_at FROM sales.events)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
