-- psql "$SHOP_URL" -f sql/6-credit.sql
-- Wednesday: 200 credits change. One of them is typed with a minus, which the shop lets pass and the warehouse does not.
UPDATE sales.customers SET credit = CASE WHEN customer_id = md5('customer 1234')::uuid THEN -50 ELSE 50 END
WHERE customer_id IN (SELECT md5('customer ' || n)::uuid FROM generate_series(1201, 1400) AS n);
