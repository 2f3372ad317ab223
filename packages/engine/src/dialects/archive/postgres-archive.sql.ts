/**
 * What an archive in PostgreSQL has: two tables, and three functions for whoever looks after the database. One script that
 * may run again. An archive goes with all of its chunks.
 */

/** Tags that say `hold`, and the newest archive of each scope, keep an archive whatever its age: as `snapshot cleanup`. */
const OLD = `a.taken_at < pg_catalog.now() - pg_catalog.make_interval(days => keep_days)
    AND (a.retention_until IS NULL OR a.retention_until <= pg_catalog.now())
    AND coalesce(a.tags ->> 'hold', 'false') = 'false'
    AND EXISTS (SELECT 1 FROM tidemark.archive AS n WHERE n.flow = a.flow AND n.scope = a.scope AND n.taken_at > a.taken_at)`

export const INSTALL = `
CREATE SCHEMA IF NOT EXISTS tidemark;
CREATE TABLE IF NOT EXISTS tidemark.archive (
  flow text NOT NULL, snapshot text NOT NULL, scope jsonb NOT NULL, run text NOT NULL,
  taken_at timestamptz NOT NULL, archived_at timestamptz NOT NULL, retention_until timestamptz, tags jsonb NOT NULL,
  rows bigint NOT NULL, sha256 text NOT NULL, bytes bigint NOT NULL, uncompressed_bytes bigint NOT NULL,
  schema_hash text NOT NULL, chunks integer NOT NULL, chunks_sha256 text NOT NULL, manifest text NOT NULL,
  PRIMARY KEY (flow, snapshot));
CREATE TABLE IF NOT EXISTS tidemark.archive_chunk (
  flow text NOT NULL, snapshot text NOT NULL, chunk integer NOT NULL, sha256 text NOT NULL, bytes bytea NOT NULL,
  PRIMARY KEY (flow, snapshot, chunk),
  FOREIGN KEY (flow, snapshot) REFERENCES tidemark.archive ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
-- Parquet is compressed already
ALTER TABLE tidemark.archive_chunk ALTER bytes SET STORAGE EXTERNAL;

DROP FUNCTION IF EXISTS tidemark.get_archive_statistics(integer);
CREATE FUNCTION tidemark.get_archive_statistics(days integer DEFAULT 30)
RETURNS TABLE (flow text, scope jsonb, archives bigint, total_rows numeric, total_bytes numeric, uncompressed_bytes numeric,
  compression_ratio numeric, oldest timestamptz, newest timestamptz)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT a.flow, a.scope, pg_catalog.count(*), pg_catalog.sum(a.rows), pg_catalog.sum(a.bytes), pg_catalog.sum(a.uncompressed_bytes),
    pg_catalog.round(pg_catalog.sum(a.uncompressed_bytes) / nullif(pg_catalog.sum(a.bytes), 0), 2),
    pg_catalog.min(a.taken_at), pg_catalog.max(a.taken_at)
  FROM tidemark.archive AS a
  WHERE a.taken_at >= pg_catalog.now() - pg_catalog.make_interval(days => get_archive_statistics.days)
  GROUP BY a.flow, a.scope ORDER BY a.flow, a.scope::text
$$;

DROP FUNCTION IF EXISTS tidemark.cleanup_old_archives(integer, boolean);
CREATE FUNCTION tidemark.cleanup_old_archives(keep_days integer DEFAULT 90, dry_run boolean DEFAULT false)
RETURNS TABLE (flow text, snapshot text, taken_at timestamptz, bytes bigint)
LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  IF dry_run THEN
    RETURN QUERY SELECT a.flow, a.snapshot, a.taken_at, a.bytes FROM tidemark.archive AS a WHERE ${OLD} ORDER BY a.taken_at;
  ELSE
    RETURN QUERY WITH gone AS (DELETE FROM tidemark.archive AS a WHERE ${OLD} RETURNING a.flow, a.snapshot, a.taken_at, a.bytes)
      SELECT g.flow, g.snapshot, g.taken_at, g.bytes FROM gone AS g ORDER BY g.taken_at;
  END IF;
END
$$;

DROP FUNCTION IF EXISTS tidemark.validate_archive_integrity(text);
CREATE FUNCTION tidemark.validate_archive_integrity(of_snapshot text DEFAULT NULL)
RETURNS TABLE (flow text, snapshot text, is_valid boolean, problem text)
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT a.flow, a.snapshot, p.problem IS NULL, p.problem
  FROM tidemark.archive AS a
  CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS chunks, coalesce(pg_catalog.sum(pg_catalog.octet_length(c.bytes)), 0) AS bytes,
      coalesce(pg_catalog.bool_and(pg_catalog.encode(pg_catalog.sha256(c.bytes), 'hex') = c.sha256), false) AS same,
      pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
        coalesce(pg_catalog.string_agg(c.sha256, '' ORDER BY c.chunk), ''), 'UTF8')), 'hex') AS chunks_sha256
    FROM tidemark.archive_chunk AS c WHERE c.flow = a.flow AND c.snapshot = a.snapshot) AS f
  CROSS JOIN LATERAL (SELECT CASE
    WHEN f.chunks = 0 AND a.chunks > 0 THEN 'the file is gone'
    WHEN f.chunks <> a.chunks OR f.bytes <> a.bytes THEN
      pg_catalog.format('%s of %s bytes in %s of %s chunks', f.bytes, a.bytes, f.chunks, a.chunks)
    WHEN NOT f.same OR f.chunks_sha256 <> a.chunks_sha256 THEN 'bytes have changed: the SHA-256 of a chunk is another one'
  END AS problem) AS p
  WHERE validate_archive_integrity.of_snapshot IS NULL OR a.snapshot = validate_archive_integrity.of_snapshot
  ORDER BY a.flow, a.taken_at
$$;
`
