-- psql "$WAREHOUSE_URL" -f sql/2-warehouse.sql
-- What the DBA of the warehouse makes: a schema, and one table with rules of its own. The others are made by the first run.
CREATE SCHEMA mirror;
CREATE TABLE mirror.customers (
  customer_id uuid PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  credit numeric(12, 2) CHECK (credit >= 0),
  tags text[] NOT NULL,
  preferences jsonb,
  updated_at timestamptz NOT NULL
);
