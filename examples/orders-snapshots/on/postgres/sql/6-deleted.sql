-- psql "$LAKE_URL" -f sql/6-deleted.sql
-- `latest` lets deleted orders stay. Whoever wants them gone sees in tidemark.hot which keys the newest snapshot of each customer has.
DELETE FROM orders AS o WHERE NOT EXISTS (
  SELECT FROM tidemark.hot AS h
  WHERE h.flow = 'partner.orders' AND CAST(CAST(h.key AS json) ->> 0 AS bigint) = o.order_id AND h.snapshot IN (
    SELECT DISTINCT ON (scope) id FROM tidemark.snapshot WHERE flow = 'partner.orders' AND state = 'kept' ORDER BY scope, number DESC
  )
);
