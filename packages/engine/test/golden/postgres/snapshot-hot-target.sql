-- hot side in the target
CREATE TABLE IF NOT EXISTS "tidemark"."snapshot" (store varchar, flow varchar, id varchar, number bigint NOT NULL, scope varchar NOT NULL, run varchar NOT NULL,
  taken_at timestamptz NOT NULL, state varchar NOT NULL, previous varchar, rows bigint NOT NULL, new_rows bigint NOT NULL, changed_rows bigint NOT NULL,
  deleted_rows bigint NOT NULL, unchanged_rows bigint NOT NULL, schema_change text NOT NULL, engine varchar NOT NULL, key text NOT NULL,
  compared text NOT NULL, columns text NOT NULL, image_bytes bigint NOT NULL, PRIMARY KEY (store, flow, id));

-- hot side in the target
CREATE TABLE IF NOT EXISTS "tidemark"."hot_row" (store varchar NOT NULL, flow varchar NOT NULL, snapshot varchar NOT NULL, key text NOT NULL, row_hash varchar NOT NULL,
  first_hash numeric(20) NOT NULL, second_hash numeric(20) NOT NULL, place bigint NOT NULL);

-- hot side in the target
CREATE INDEX IF NOT EXISTS hot_row_of ON "tidemark"."hot_row" (store, flow, snapshot);

-- hot side in the target
CREATE OR REPLACE VIEW "tidemark"."hot" AS SELECT r.store, r.flow, r.snapshot, r."key", r.row_hash, s.taken_at, s.scope, s.run, s.state
FROM "tidemark"."hot_row" AS r JOIN "tidemark"."snapshot" AS s ON s.store = r.store AND s.flow = r.flow AND s.id = r.snapshot;

-- hot side in the target
DELETE FROM "tidemark"."hot_row" WHERE store = 'STORE' AND flow = 'o''clock' AND snapshot IN ('s-old', 's-new');

-- hot side in the target
DELETE FROM "tidemark"."snapshot" WHERE store = 'STORE' AND flow = 'o''clock' AND id IN ('s-old', 's-new');

-- hot side in the target
UPDATE "tidemark"."snapshot" SET state = 'kept' WHERE store = 'STORE' AND flow = 'o''clock' AND id IN ('s-before');

-- hot side in the target
INSERT INTO "tidemark"."snapshot" (store, flow, "id", "number", "scope", "run", "taken_at", "state", "previous", "rows", "new_rows", "changed_rows", "deleted_rows", "unchanged_rows", "schema_change", "engine", "key", "compared", "columns", "image_bytes") VALUES ('STORE', 'o''clock', 'its id', 'its number', 'its scope', 'its run', 'its taken_at', 'its state', 'its previous', 'its rows', 'its new_rows', 'its changed_rows', 'its deleted_rows', 'its unchanged_rows', 'its schema_change', 'its engine', 'its key', 'its compared', 'its columns', 'its image_bytes');

-- hot side in the target
COPY (SELECT 'STORE', 'o''clock', 's-new', "key", "row_hash", "first_hash", "second_hash", "place" FROM (SELECT …) AS h) TO 'HOT.csv' (FORMAT csv, HEADER FALSE, NULLSTR '');

-- hot side in the target
COPY "tidemark"."hot_row" ("store", "flow", "snapshot", "key", "row_hash", "first_hash", "second_hash", "place") FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8');
