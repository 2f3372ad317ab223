-- Nothing happens, and the whole table comes again, in another order and with another time in every row.
ATTACH 'data/partner.duckdb' AS partner;

CREATE OR REPLACE TABLE partner.head AS FROM partner.head ORDER BY hash(order_id);
