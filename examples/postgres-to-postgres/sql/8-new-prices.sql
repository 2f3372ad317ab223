-- psql "$SHOP_URL" -f sql/8-new-prices.sql
-- Thursday: the amounts of 40 000 orders are computed anew, in one transaction.
BEGIN;
UPDATE sales.orders SET amount = amount * 1.1 WHERE order_id <= 40000;
UPDATE sales.order_status SET changed_at = now() WHERE order_id <= 40000;
COMMIT;
