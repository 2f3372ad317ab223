-- psql "$GRID_URL" -f sql/2-tuesday.sql
-- A day later: 20 000 readings and 40 alarms more; 5 tariffs end, one is new, 30 are dearer.
BEGIN;
INSERT INTO grid.readings (meter, kwh, measured_at)
SELECT 'meter ' || n % 700, n / 1000.0, now() FROM generate_series(1, 20000) AS n;
COMMIT;

BEGIN;
INSERT INTO grid.alarms (alarm_id, meter, severity) SELECT md5('tuesday ' || n)::uuid, 'meter ' || n, 3 FROM generate_series(1, 40) AS n;
COMMIT;

BEGIN;
DELETE FROM grid.tariffs WHERE tariff_id <= 5;
INSERT INTO grid.tariffs VALUES (241, 'night', 0.09, '2026-12-01');
UPDATE grid.tariffs SET price = price * 1.07 WHERE tariff_id BETWEEN 101 AND 130;
COMMIT;
