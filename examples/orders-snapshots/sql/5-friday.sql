-- Alder renegotiates: the prices of three lines of 38 orders. Two more go, and one that went on Tuesday is back at cedar.
ATTACH 'data/partner.duckdb' AS partner;

UPDATE partner.line SET unit_price = (unit_price * 0.95)::DECIMAL(18, 4), discount = discount + 0.0100
WHERE order_id % 3 = 0 AND order_id BETWEEN 201 AND 318 AND line IN (1, 2, 3);
DELETE FROM partner.head WHERE order_id IN (300, 303);
INSERT INTO partner.head SELECT * REPLACE (2 AS order_id, 'PO-004214' AS order_no) FROM partner.head WHERE order_id = 8;
