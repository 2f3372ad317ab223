-- What the partner keeps: orders, and twenty lines of each. Everything comes of one seed, so that every play is the same.
ATTACH 'data/partner.duckdb' AS partner;

CREATE MACRO dice(n, of, what) AS (hash(20261123, n, what) % of)::INTEGER;

CREATE TABLE partner.head AS
SELECT
  n AS order_id,
  ['alder', 'birch', 'cedar'][1 + n % 3] AS customer,
  printf('PO-%06d', 4200 + n * 7) AS order_no,
  ['open', 'picked', 'shipped', 'invoiced'][1 + dice(n, 4, 'status')] AS status,
  TIMESTAMP '2026-10-01 08:00:00' + to_seconds(n * 2711) AS placed_at,
  ['Ada Berg', 'Ben Ortiz', 'Chi Ndiaye', 'Dag Thorn'][1 + dice(n, 4, 'contact')] AS contact,
  ['Quay 4', 'Mill Lane 12', 'Tŷ Gwyn', 'Hafenstraße 9'][1 + dice(n, 4, 'street')] AS street,
  printf('%05d', dice(n, 90000, 'postcode')) AS postcode,
  ['Cardiff', 'Kiel', 'Porto', 'Gdańsk'][1 + dice(n, 4, 'city')] AS city,
  ['GB', 'DE', 'PT', 'PL'][1 + dice(n, 4, 'city')] AS country,
  ['GBP', 'EUR', 'EUR', 'PLN'][1 + dice(n, 4, 'city')] AS currency,
  CASE dice(n, 3, 'terms') WHEN 0 THEN NULL WHEN 1 THEN '' ELSE '30 days' END AS terms,
  dice(n, 3, 'priority') AS priority,
  9007199254740992 + n AS ledger_no
FROM range(1, 601) AS t(n);

CREATE TABLE partner.line AS
SELECT
  n AS order_id,
  l AS line,
  printf('SKU-%05d', dice(n * 100 + l, 99999, 'sku')) AS sku,
  ['bolt', 'hinge', 'panel', 'bracket', 'seal'][1 + dice(n * 100 + l, 5, 'what')] AS description,
  1 + dice(n * 100 + l, 40, 'quantity') AS quantity,
  (dice(n * 100 + l, 5000000, 'price') / 10000)::DECIMAL(18, 4) AS unit_price,
  (dice(n * 100 + l, 2000, 'discount') / 10000)::DECIMAL(9, 4) AS discount,
  0.2000::DECIMAL(9, 4) AS tax,
  (dice(n * 100 + l, 400000, 'weight') / 1000)::DOUBLE AS weight,
  DATE '2026-11-01' + dice(n * 100 + l, 60, 'promised') AS promised_on,
  CASE WHEN dice(n * 100 + l, 2, 'shipped') = 0 THEN NULL
    ELSE TIMESTAMP '2026-11-01 06:00:00' + to_seconds(dice(n * 100 + l, 1500000, 'shipped at')) END AS shipped_at,
  ['north', 'south', 'harbour'][1 + dice(n * 100 + l, 3, 'warehouse')] AS warehouse,
  printf('B%07d', dice(n * 100 + l, 9999999, 'batch')) AS batch,
  dice(n * 100 + l, 7, 'backordered') = 0 AS backordered,
  CASE dice(n * 100 + l, 6, 'note') WHEN 0 THEN '' WHEN 1 THEN 'fragile' WHEN 2 THEN 'NULL' ELSE NULL END AS note
FROM range(1, 601) AS o(n), range(1, 21) AS l(l);
