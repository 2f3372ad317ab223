-- psql "$GRID_URL" -f sql/4-meanwhile.sql
-- While the gateway delivers, other meters report.
INSERT INTO grid.readings (meter, kwh, measured_at)
SELECT 'meter ' || n % 700, 1, now() FROM generate_series(1, 300) AS n;
