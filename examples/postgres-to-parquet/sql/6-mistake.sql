-- psql "$GRID_URL" -f sql/6-mistake.sql
-- Somebody deletes a third of the tariffs.
CREATE TABLE grid.tariffs_before AS TABLE grid.tariffs;
DELETE FROM grid.tariffs WHERE tariff_id % 3 = 0;
