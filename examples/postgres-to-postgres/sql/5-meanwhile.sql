-- psql "$SHOP_URL" -f sql/5-meanwhile.sql
-- While the import is open: 50 orders are sent, with 50 events, and one customer is renamed.
BEGIN;
UPDATE sales.order_status SET status = 'sent', changed_at = now() WHERE order_id BETWEEN 2001 AND 2050;
INSERT INTO sales.events (order_id, what, payload) SELECT n, 'sent', '{"by": "carrier"}' FROM generate_series(2001, 2050) AS n;
UPDATE sales.customers SET name = 'the one who wrote meanwhile' WHERE customer_id = md5('customer 777')::uuid;
COMMIT;
