-- psql "$GRID_URL" -f sql/7-undone.sql
-- The tariffs are put back.
INSERT INTO grid.tariffs SELECT * FROM grid.tariffs_before ON CONFLICT DO NOTHING;
DROP TABLE grid.tariffs_before;
