-- psql "$GRID_URL" -f sql/5-month-end.sql
-- The end of the month: 150 000 readings at once.
INSERT INTO grid.readings (meter, kwh, measured_at)
SELECT 'meter ' || n % 700, n / 7.0, now() FROM generate_series(1, 150000) AS n;
