-- psql "$SHOP_URL" -f sql/4-import.sql
-- Tuesday: an import takes its time. All its rows bear the beginning of its transaction, and their numbers are taken
-- from the sequence long before it commits.
BEGIN;
INSERT INTO sales.customers
SELECT md5('imported ' || n)::uuid, 'imported ' || n, 'business', 0, '{}', NULL, now() FROM generate_series(1, 10) AS n;
INSERT INTO sales.events (order_id, what, payload) SELECT n, 'imported', '{}' FROM generate_series(1, 20) AS n;
-- meanwhile: others commit rows with later stamps and greater numbers, and two runs pass
UPDATE sales.order_status SET status = 'paid', changed_at = now() WHERE order_id BETWEEN 1 AND 40;
COMMIT;
