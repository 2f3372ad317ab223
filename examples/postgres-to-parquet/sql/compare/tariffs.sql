-- psql "$GRID_URL" -f sql/compare/tariffs.sql > data/compare/tariffs.csv
COPY (SELECT tariff_id, name, price, valid_from FROM grid.tariffs)
TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
