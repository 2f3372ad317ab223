-- Twelve orders of alder are shipped, one of them with a new price; three are new. Nothing happens to birch; cedar cancels two.
ATTACH 'data/partner.duckdb' AS partner;

UPDATE partner.head SET status = 'delivered' WHERE customer = 'alder' AND order_id BETWEEN 100 AND 135;
UPDATE partner.line SET shipped_at = TIMESTAMP '2026-11-24 05:30:00.123456' WHERE order_id BETWEEN 100 AND 135 AND order_id % 3 = 0 AND line <= 3;
UPDATE partner.line SET unit_price = unit_price + 0.0001 WHERE order_id = 102 AND line = 7;

INSERT INTO partner.head SELECT * REPLACE (order_id + 900 AS order_id, printf('PO-%06d', 9000 + order_id) AS order_no, 'open' AS status)
FROM partner.head WHERE order_id IN (3, 6, 9);
INSERT INTO partner.line SELECT * REPLACE (order_id + 900 AS order_id) FROM partner.line WHERE order_id IN (3, 6, 9);

DELETE FROM partner.head WHERE order_id IN (2, 5);
