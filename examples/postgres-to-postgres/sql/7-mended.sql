-- psql "$SHOP_URL" -f sql/7-mended.sql
-- The credit is mended where it was typed.
UPDATE sales.customers SET credit = 50 WHERE customer_id = md5('customer 1234')::uuid;
