-- What the grid holds against what the lake holds, every column of every row, in both directions. The scripts of
-- sql/compare copied the grid's tables out as text; an unquoted nothing is NULL there, a quoted one is ''.
SET TimeZone = 'UTC';

CREATE MACRO csv(name) AS TABLE
  FROM read_csv('data/compare/' || name || '.csv', all_varchar = true, header = true, nullstr = '', allow_quoted_nulls = false,
    quote = '"', escape = '"', delim = ',');

CREATE TEMP TABLE source_readings AS
SELECT reading_id::BIGINT, meter, kwh::DECIMAL(20, 6), measured_at::TIMESTAMPTZ, note FROM csv('readings');
CREATE VIEW target_readings AS
SELECT reading_id, meter, kwh, measured_at, note FROM read_parquet('data/lake/readings/*.parquet');

CREATE TEMP TABLE source_alarms AS
SELECT alarm_id::UUID, meter, severity::SMALLINT, from_hex(substr(trace, 3)), raised_at::TIMESTAMPTZ FROM csv('alarms');
CREATE VIEW target_alarms AS
SELECT alarm_id, meter, severity, trace, raised_at FROM read_parquet('data/lake/alarms/*.parquet');

CREATE TEMP TABLE source_tariffs AS
SELECT tariff_id::INTEGER, name, price::DECIMAL(10, 5), valid_from::DATE FROM csv('tariffs');
CREATE VIEW target_tariffs AS
SELECT tariff_id, name, price, valid_from FROM read_parquet('data/lake/tariffs/*.parquet');

SELECT 'readings',
  (SELECT count(*) FROM source_readings), (SELECT count(*) FROM target_readings),
  (SELECT count(*) FROM (FROM source_readings EXCEPT ALL FROM target_readings)),
  (SELECT count(*) FROM (FROM target_readings EXCEPT ALL FROM source_readings))
UNION ALL
SELECT 'alarms',
  (SELECT count(*) FROM source_alarms), (SELECT count(*) FROM target_alarms),
  (SELECT count(*) FROM (FROM source_alarms EXCEPT ALL FROM target_alarms)),
  (SELECT count(*) FROM (FROM target_alarms EXCEPT ALL FROM source_alarms))
UNION ALL
SELECT 'tariffs',
  (SELECT count(*) FROM source_tariffs), (SELECT count(*) FROM target_tariffs),
  (SELECT count(*) FROM (FROM source_tariffs EXCEPT ALL FROM target_tariffs)),
  (SELECT count(*) FROM (FROM target_tariffs EXCEPT ALL FROM source_tariffs));
