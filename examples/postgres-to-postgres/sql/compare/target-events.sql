-- psql "$WAREHOUSE_URL" -f sql/compare/target-events.sql > data/compare/target-events.csv
COPY (SELECT event_id, order_id, what, payload, happened_at FROM mirror.events)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
