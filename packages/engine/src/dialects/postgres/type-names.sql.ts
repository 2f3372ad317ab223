/**
 * A column's type as `type-text.ts` reads it. A domain is its base type: what it forbids is the target's matter, and a
 * value is the same without. What somebody made says what it is in a comment, whose text holds neither `*` nor `/`.
 */
import { type Sql, sql } from '../sql-text.ts'

/** below this number everything came with the server */
const FIRST_USER_OID = sql`16384`

const commented = (kind: Sql, json: Sql): Sql =>
  sql`' /* ' || ${kind} || ' ' || replace(replace(CAST(${json} AS text), '*', '\\u002a'), '/', '\\u002f') || ' */'`

const plain = (oid: Sql, modifier: Sql): Sql => sql`pg_catalog.format_type(${oid}, ${modifier})`

/** Of a scalar subquery's row `u`, a pg_type that is no domain. */
const whatItIs = sql`CASE u.typtype
    WHEN 'e' THEN ${commented(sql`'enum'`, sql`(SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = u.oid)`)}
    WHEN 'c' THEN ${commented(sql`'row'`, sql`(SELECT coalesce(json_agg(json_build_array(f.attname, ${plain(sql`f.atttypid`, sql`f.atttypmod`)}) ORDER BY f.attnum), '[]') FROM pg_catalog.pg_attribute AS f WHERE f.attrelid = u.typrelid AND f.attnum > 0 AND NOT f.attisdropped)`)}
    WHEN 'r' THEN ${commented(sql`'range'`, sql`(SELECT to_json(${plain(sql`g.rngsubtype`, sql`NULL`)}) FROM pg_catalog.pg_range AS g WHERE g.rngtypid = u.oid)`)}
    WHEN 'm' THEN ${commented(sql`'range'`, sql`(SELECT to_json(${plain(sql`g.rngsubtype`, sql`NULL`)}) FROM pg_catalog.pg_range AS g WHERE g.rngmultitypid = u.oid)`)}
    ELSE ${commented(sql`'base'`, sql`to_json(coalesce((SELECT x.extname FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS x ON x.oid = d.refobjid WHERE d.classid = CAST('pg_catalog.pg_type' AS regclass) AND d.objid = u.oid AND d.deptype = 'e' LIMIT 1), 'none'))`)}
  END`

/** Domains taken off, as a scalar subquery of `{oid, modifier}` named `b`. */
const withoutDomains = (oid: Sql, modifier: Sql): Sql => sql`(WITH RECURSIVE step(oid, mod) AS (
    SELECT ${oid}, ${modifier}
    UNION ALL SELECT t.typbasetype, t.typtypmod FROM step JOIN pg_catalog.pg_type AS t ON t.oid = step.oid WHERE t.typtype = 'd')
  SELECT step.oid, step.mod FROM step JOIN pg_catalog.pg_type AS t ON t.oid = step.oid WHERE t.typtype <> 'd' LIMIT 1)`

/** Scalar subquery: the type's text. */
export const typeName = (oid: Sql, modifier: Sql): Sql => sql`(
  SELECT CASE WHEN i.oid IS NULL THEN ${plain(sql`b.oid`, sql`b.mod`)} WHEN b.element = i.oid THEN ${plain(sql`b.oid`, sql`b.mod`)} ELSE ${plain(sql`i.oid`, sql`i.mod`)} || '[]' END
      || CASE WHEN u.oid >= ${FIRST_USER_OID} THEN ${whatItIs} ELSE '' END
  FROM (SELECT d.oid, d.mod, CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem END AS element
        FROM ${withoutDomains(oid, modifier)} AS d JOIN pg_catalog.pg_type AS t ON t.oid = d.oid) AS b
  LEFT JOIN LATERAL ${withoutDomains(sql`b.element`, sql`CAST(-1 AS integer)`)} AS i ON b.element IS NOT NULL
  JOIN pg_catalog.pg_type AS u ON u.oid = coalesce(i.oid, b.oid))`
