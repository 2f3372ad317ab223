-- psql "$GRID_URL" -f sql/1-grid.sql
-- The meters of a power grid: 120 000 readings, 3 000 alarms, 240 tariffs.
CREATE SCHEMA grid;
CREATE TABLE grid.readings (
  reading_id bigserial PRIMARY KEY,
  meter text NOT NULL,
  kwh numeric(20, 6) NOT NULL,
  measured_at timestamptz NOT NULL,
  note text
);
CREATE TABLE grid.alarms (
  alarm_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  meter text NOT NULL,
  severity smallint NOT NULL,
  trace bytea,
  raised_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON grid.alarms (raised_at);
CREATE TABLE grid.tariffs (
  tariff_id integer PRIMARY KEY,
  name text NOT NULL,
  price numeric(10, 5) NOT NULL,
  valid_from date NOT NULL
);

INSERT INTO grid.readings (meter, kwh, measured_at, note)
SELECT 'meter ' || n % 700, (n::numeric * 7919 % 100000007) / 1000000, now() - (300000 - n) * interval '1 second',
  -- NULL, the empty text, quotes, a comma and a line break are things of their own
  CASE n % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'the "blue" one' WHEN 3 THEN 'left, then right' WHEN 4 THEN E'a\nb' ELSE 'Tŷ ☕' END
FROM generate_series(1, 120000) AS n;
INSERT INTO grid.alarms
SELECT md5('alarm ' || n)::uuid, 'meter ' || n % 700, n % 5, CASE n % 3 WHEN 0 THEN NULL ELSE decode(md5(n::text), 'hex') END,
  now() - n * interval '1 minute'
FROM generate_series(1, 3000) AS n;
INSERT INTO grid.tariffs
SELECT n, 'tariff ' || n, 0.1 + n / 100000.0, date '2026-01-01' + n FROM generate_series(1, 240) AS n;
ANALYZE grid.readings, grid.alarms, grid.tariffs;
