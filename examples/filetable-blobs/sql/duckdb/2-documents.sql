-- Four units, three years, five cases a year, twenty documents a case, in each of two tables. A case has metadata; a unit's
-- folder and a year's have none.
ATTACH 'data/office.duckdb' AS office;
USE office;

CREATE TEMP TABLE places AS
WITH units AS (SELECT n::VARCHAR AS u FROM range(1, 5) AS t(n)),
     years AS (SELECT u, n::VARCHAR AS y FROM units, range(1, 4) AS t(n)),
     cases AS (SELECT u, y, n::VARCHAR AS c FROM years, range(1, 6) AS t(n))
SELECT u, '/' || u || '/' AS path, 'unit ' || u AS name, true AS is_directory, false AS has_metadata FROM units
UNION ALL SELECT u, '/' || u || '/' || y || '/', 'year ' || y, true, false FROM years
UNION ALL SELECT u, '/' || u || '/' || y || '/' || c || '/', 'case ' || c, true, true FROM cases
UNION ALL SELECT u, '/' || u || '/' || y || '/' || c || '/' || n || '/', 'letter ' || n || '.txt', false, true
  FROM cases, range(1, 21) AS t(n)
-- filed by unit 1 into a case of unit 3: none of the three folders above it is of the north
UNION ALL SELECT '1', '/3/2/4/21/', 'joint report.txt', false, true;

CREATE TEMP MACRO unit_id(u) AS (repeat(u, 8) || '-0000-0000-0000-00000000000' || u)::UUID;

INSERT INTO "Records_Blobs.dbo".ReferralAttachment
SELECT md5('referral' || path)::UUID, CASE WHEN NOT is_directory THEN encode('Dear all, ' || path) END, name, path,
  now() - INTERVAL 90 DAY, now() - INTERVAL 60 DAY, is_directory FROM places;
INSERT INTO "Records_Metadata.dbo".ReferralAttachmentBase
SELECT md5('referral' || path)::UUID, (now() AT TIME ZONE 'UTC') - to_minutes((hash(path) % 80000)::INT) - INTERVAL 1 DAY,
  unit_id(u) FROM places WHERE has_metadata;
INSERT INTO "Records_Blobs.dbo".ClientAttachment
SELECT md5('client' || path)::UUID, CASE WHEN NOT is_directory THEN encode('To the client, ' || path) END, name, path,
  now() - INTERVAL 90 DAY, now() - INTERVAL 60 DAY, is_directory FROM places;
INSERT INTO "Clients_Metadata.dbo".ClientAttachmentBase
SELECT md5('client' || path)::UUID, (now() AT TIME ZONE 'UTC') - to_minutes((hash(path) % 80000)::INT) - INTERVAL 1 DAY,
  unit_id(u) FROM places WHERE has_metadata;

-- one key leaves the office in no run: here a letter of unit 1
INSERT INTO "Records_Blobs.dbo".ReferralAttachment
VALUES ('7F8D53EC-B98C-F011-B86B-005056A2DD37', encode('sealed'), 'sealed.txt', '/1/1/1/99/', now(), now(), false);
INSERT INTO "Records_Metadata.dbo".ReferralAttachmentBase
VALUES ('7F8D53EC-B98C-F011-B86B-005056A2DD37', now() AT TIME ZONE 'UTC', unit_id('1'));
