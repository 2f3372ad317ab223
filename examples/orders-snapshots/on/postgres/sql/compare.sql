-- What the partner has against what PostgreSQL has, as text, all 276 columns of every order, in both directions. Two are left
-- out, as the flow does: the time of the export, and how the contact is typed. sql/compare copied the orders out as text; an
-- unquoted nothing is NULL there, a quoted one is ''.
ATTACH 'data/partner.duckdb' AS partner (READ_ONLY);

CREATE TEMP TABLE lake_orders AS FROM partner.orders LIMIT 0;
INSERT INTO lake_orders BY NAME
SELECT * FROM read_csv('data/compare/orders.csv', all_varchar = true, header = true, nullstr = '', allow_quoted_nulls = false,
  quote = '"', escape = '"', delim = ',');

CREATE TEMP VIEW source_orders AS
SELECT COLUMNS(* EXCLUDE (exported_at, contact))::VARCHAR, lower(trim(contact)) AS typed FROM partner.orders;
CREATE TEMP VIEW target_orders AS
SELECT COLUMNS(* EXCLUDE (exported_at, contact))::VARCHAR, lower(trim(contact)) AS typed FROM lake_orders;

SELECT 'orders',
  (SELECT count(*) FROM source_orders), (SELECT count(*) FROM target_orders),
  (SELECT count(*) FROM (FROM source_orders EXCEPT ALL FROM target_orders)),
  (SELECT count(*) FROM (FROM target_orders EXCEPT ALL FROM source_orders));
