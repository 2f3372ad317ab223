-- psql "$GRID_URL" -f sql/compare/readings.sql > data/compare/readings.csv
COPY (SELECT reading_id, meter, kwh, measured_at, note FROM grid.readings)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
