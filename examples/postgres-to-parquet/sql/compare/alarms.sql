-- psql "$GRID_URL" -f sql/compare/alarms.sql > data/compare/alarms.csv
COPY (SELECT alarm_id, meter, severity, trace, raised_at FROM grid.alarms)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
