-- Order 4 goes from birch to cedar. Somebody types the contact of order 3 in capitals and with a blank behind it: that is no
-- change, as the flow says. A note that was not there becomes the empty text: that is one.
ATTACH 'data/partner.duckdb' AS partner;

UPDATE partner.head SET customer = 'cedar' WHERE order_id = 4;
UPDATE partner.head SET contact = upper(contact) || ' ' WHERE order_id = 3;
UPDATE partner.line SET note = CASE WHEN note IS NULL THEN '' END WHERE order_id = 7 AND line IN (SELECT min(line) FROM partner.line WHERE order_id = 7 AND note IS NULL);
