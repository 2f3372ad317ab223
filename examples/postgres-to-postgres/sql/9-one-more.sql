-- psql "$SHOP_URL" -f sql/9-one-more.sql
-- Somebody goes on working while the run lies dead.
BEGIN;
UPDATE sales.orders SET note = 'written after the crash' WHERE order_id = 55555;
UPDATE sales.order_status SET changed_at = now() WHERE order_id = 55555;
COMMIT;
