-- What each receiver should hold against what it holds, every column of every row, in both directions: the rows of its units,
-- and the folders above them.
ATTACH 'data/office.duckdb' AS office (READ_ONLY);
USE office;

CREATE TEMP VIEW due AS
SELECT receiver, 'referral' AS kind, stream_id, path_locator FROM "Records_Blobs.dbo".ReferralAttachment
JOIN "Records_Metadata.dbo".ReferralAttachmentBase ON ReferralAttachmentId = stream_id
JOIN (SELECT 'north' AS receiver, businessunit FROM "North_FileTable.dbo".LA_BU
      UNION ALL SELECT 'south', businessunit FROM "South_FileTable.dbo".LA_BU) ON businessunit = OwningBusinessUnit
UNION ALL
SELECT receiver, 'client', stream_id, path_locator FROM "Records_Blobs.dbo".ClientAttachment
JOIN "Clients_Metadata.dbo".ClientAttachmentBase ON ClientAttachmentId = stream_id
JOIN (SELECT 'north' AS receiver, businessunit FROM "North_FileTable.dbo".LA_BU
      UNION ALL SELECT 'south', businessunit FROM "South_FileTable.dbo".LA_BU) ON businessunit = OwningBusinessUnit;

CREATE TEMP VIEW office_rows AS
SELECT 'referral' AS kind, * FROM "Records_Blobs.dbo".ReferralAttachment
WHERE stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37'
UNION ALL SELECT 'client', * FROM "Records_Blobs.dbo".ClientAttachment;
CREATE TEMP VIEW source AS
SELECT r.receiver, o.* FROM office_rows AS o, (SELECT DISTINCT receiver FROM due) AS r
WHERE EXISTS (SELECT 1 FROM due AS d WHERE d.receiver = r.receiver AND d.kind = o.kind
              AND starts_with(d.path_locator, o.path_locator) AND d.stream_id <> '7F8D53EC-B98C-F011-B86B-005056A2DD37');
CREATE TEMP VIEW target AS
SELECT 'north' AS receiver, 'referral' AS kind, * FROM "North_FileTable.dbo".ReferralAttachment
UNION ALL SELECT 'north', 'client', * FROM "North_FileTable.dbo".ClientAttachment
UNION ALL SELECT 'south', 'referral', * FROM "South_FileTable.dbo".ReferralAttachment
UNION ALL SELECT 'south', 'client', * FROM "South_FileTable.dbo".ClientAttachment;

SELECT receiver || '.' || kind,
  (SELECT count(*) FROM source AS s WHERE s.receiver = p.receiver AND s.kind = p.kind),
  (SELECT count(*) FROM target AS t WHERE t.receiver = p.receiver AND t.kind = p.kind),
  (SELECT count(*) FROM (FROM source EXCEPT ALL FROM target) AS m WHERE m.receiver = p.receiver AND m.kind = p.kind),
  (SELECT count(*) FROM (FROM target EXCEPT ALL FROM source) AS x WHERE x.receiver = p.receiver AND x.kind = p.kind)
FROM (SELECT DISTINCT receiver, kind FROM due) AS p
ORDER BY 1;
