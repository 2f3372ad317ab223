-- What the shop holds against what the warehouse holds, every column of every row as PostgreSQL writes it, in both
-- directions. The scripts of sql/compare copied both out; an unquoted nothing is NULL there, a quoted one is ''.
CREATE MACRO csv(name) AS TABLE
  FROM read_csv('data/compare/' || name || '.csv', all_varchar = true, header = true, nullstr = '', allow_quoted_nulls = false,
    quote = '"', escape = '"', delim = ',');

CREATE TEMP TABLE source_customers AS FROM csv('source-customers');
CREATE TEMP TABLE target_customers AS FROM csv('target-customers');
CREATE TEMP TABLE source_orders AS FROM csv('source-orders');
CREATE TEMP TABLE target_orders AS FROM csv('target-orders');
CREATE TEMP TABLE source_events AS FROM csv('source-events');
CREATE TEMP TABLE target_events AS FROM csv('target-events');

SELECT 'customers',
  (SELECT count(*) FROM source_customers), (SELECT count(*) FROM target_customers),
  (SELECT count(*) FROM (FROM source_customers EXCEPT ALL FROM target_customers)),
  (SELECT count(*) FROM (FROM target_customers EXCEPT ALL FROM source_customers))
UNION ALL
SELECT 'orders',
  (SELECT count(*) FROM source_orders), (SELECT count(*) FROM target_orders),
  (SELECT count(*) FROM (FROM source_orders EXCEPT ALL FROM target_orders)),
  (SELECT count(*) FROM (FROM target_orders EXCEPT ALL FROM source_orders))
UNION ALL
SELECT 'events',
  (SELECT count(*) FROM source_events), (SELECT count(*) FROM target_events),
  (SELECT count(*) FROM (FROM source_events EXCEPT ALL FROM target_events)),
  (SELECT count(*) FROM (FROM target_events EXCEPT ALL FROM source_events));
