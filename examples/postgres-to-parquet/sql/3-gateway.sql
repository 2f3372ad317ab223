-- psql "$GRID_URL" -f sql/3-gateway.sql
-- A gateway was offline and delivers now, in one long transaction: it takes numbers early and commits late.
BEGIN;
INSERT INTO grid.readings (meter, kwh, measured_at)
SELECT 'gateway ' || n, n, now() - interval '1 day' FROM generate_series(1, 500) AS n;
-- meanwhile: other meters commit readings with greater numbers, and a run passes
INSERT INTO grid.alarms (alarm_id, meter, severity) VALUES (md5('the gateway')::uuid, 'gateway', 4);
COMMIT;
