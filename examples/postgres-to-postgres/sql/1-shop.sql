-- psql "$SHOP_URL" -f sql/1-shop.sql
-- The order system: 20 000 customers, 60 000 orders with their status in a table of its own, 120 000 events.
CREATE SCHEMA sales;

CREATE TYPE sales.kind AS ENUM ('private', 'business');

CREATE TABLE sales.customers (
  customer_id uuid PRIMARY KEY,
  name text NOT NULL,
  kind sales.kind NOT NULL,
  credit numeric(12, 2),
  tags text[] NOT NULL,
  preferences jsonb,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON sales.customers (updated_at);

CREATE FUNCTION sales.stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON sales.customers FOR EACH ROW EXECUTE FUNCTION sales.stamp();

CREATE TABLE sales.orders (
  order_id bigint PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES sales.customers,
  region text NOT NULL,
  amount numeric(14, 4) NOT NULL,
  placed_at timestamptz NOT NULL,
  note text
);
CREATE TABLE sales.order_status (
  order_id bigint PRIMARY KEY REFERENCES sales.orders,
  status text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON sales.order_status (changed_at);

CREATE TABLE sales.events (
  event_id bigserial PRIMARY KEY,
  order_id bigint NOT NULL,
  what text NOT NULL,
  payload jsonb NOT NULL,
  happened_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO sales.customers
SELECT md5('customer ' || n)::uuid, 'customer ' || n, CASE n % 5 WHEN 0 THEN 'business' ELSE 'private' END::sales.kind,
  -- NULL, the empty text, quotes, a line break and a comma are things of their own
  CASE n % 9 WHEN 0 THEN NULL ELSE n * 1.25 END,
  CASE n % 4 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['new', ''] WHEN 2 THEN ARRAY['the "blue" one', NULL] ELSE ARRAY['a,b', E'c\nd'] END,
  CASE n % 3 WHEN 0 THEN NULL ELSE jsonb_build_object('number', 9007199254740993 + n, 'post', n % 2 = 0) END,
  now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n;

INSERT INTO sales.orders
SELECT n, md5('customer ' || 1 + n * 7919 % 20000)::uuid, (ARRAY['north', 'south', 'west'])[1 + n % 3],
  (n::bigint * 104729 % 10000000) / 10000.0, now() - n * interval '97 seconds',
  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'first line\nsecond line' WHEN 3 THEN 'NULL' ELSE 'Tŷ Gwyn ☕' END
FROM generate_series(1, 60000) AS n;
INSERT INTO sales.order_status
SELECT order_id, (ARRAY['open', 'sent', 'paid'])[1 + order_id % 3], placed_at + interval '1 hour' FROM sales.orders
WHERE placed_at < now() - interval '2 hours';
INSERT INTO sales.order_status SELECT order_id, 'open', now() FROM sales.orders ON CONFLICT DO NOTHING;

INSERT INTO sales.events (order_id, what, payload, happened_at)
SELECT 1 + n / 2, (ARRAY['placed', 'packed'])[1 + n % 2], jsonb_build_object('by', 'clerk ' || n % 7),
  now() - (120000 - n) * interval '40 seconds'
FROM generate_series(0, 119999) AS n;

ANALYZE sales.customers, sales.orders, sales.order_status, sales.events;
