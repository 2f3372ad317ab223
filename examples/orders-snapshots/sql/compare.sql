-- What the partner has against what the lake has, as text, all 276 columns of every order, in both directions. Two are left
-- out, as the flow does: the time of the export, and how the contact is typed.
ATTACH 'data/partner.duckdb' AS partner (READ_ONLY);
ATTACH 'data/lake.duckdb' AS lake (READ_ONLY);

CREATE TEMP VIEW source_orders AS
SELECT COLUMNS(* EXCLUDE (exported_at, contact))::VARCHAR, lower(trim(contact)) AS typed FROM partner.orders;
CREATE TEMP VIEW target_orders AS
SELECT COLUMNS(* EXCLUDE (exported_at, contact))::VARCHAR, lower(trim(contact)) AS typed FROM lake.orders;

SELECT 'orders',
  (SELECT count(*) FROM source_orders), (SELECT count(*) FROM target_orders),
  (SELECT count(*) FROM (FROM source_orders EXCEPT ALL FROM target_orders)),
  (SELECT count(*) FROM (FROM target_orders EXCEPT ALL FROM source_orders));
