-- psql "$SHOP_URL" -f sql/3-monday.sql
-- Monday: 300 customers are renamed, 900 orders are sent, 1 000 new ones placed, each with an event.
BEGIN;
UPDATE sales.customers SET name = name || ' & partners'
WHERE customer_id IN (SELECT md5('customer ' || n)::uuid FROM generate_series(1, 300) AS n);
COMMIT;

BEGIN;
UPDATE sales.order_status SET status = 'sent', changed_at = now() WHERE order_id BETWEEN 1001 AND 1900;
INSERT INTO sales.events (order_id, what, payload) SELECT n, 'sent', '{"by": "carrier"}' FROM generate_series(1001, 1900) AS n;
COMMIT;

BEGIN;
INSERT INTO sales.orders
SELECT n, md5('customer ' || n % 20000 + 1)::uuid, (ARRAY['north', 'south', 'west'])[1 + n % 3], n % 100 + 0.0001, now(), NULL
FROM generate_series(60001, 61000) AS n;
INSERT INTO sales.order_status SELECT n, 'open', now() FROM generate_series(60001, 61000) AS n;
INSERT INTO sales.events (order_id, what, payload) SELECT n, 'placed', '{"by": "web"}' FROM generate_series(60001, 61000) AS n;
COMMIT;
