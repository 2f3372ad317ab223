/**
 * The fast way into a table that has a unique constraint on exactly the flow's key, and no other that rows could meet:
 * one statement takes every staged row as new, newer, or neither. The staging may be any relation with the target's
 * columns, and `tidemark position` where there is one; a temporary table filled by COPY as well as a SELECT.
 */
import { type FlowRelation, landingTable } from '../contract.ts'
import { type ApplyMode, columnNames, sameRepeatedHour, stagedPosition, type Staging } from '../relational/apply.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'

const keys = (r: FlowRelation): Sql =>
  joined(
    r.key.map((k) => ident(k.target)),
    ', ',
  )

const contentOf = (r: FlowRelation) => r.columns.filter((x) => !r.key.some((k) => k.target === x.target))

/** Newer wins; an equal position, or none on either side, is decided by content. */
function isNewer(c: Catalogs, r: FlowRelation): Sql {
  const differs = sql`NOT (${joined(
    contentOf(r).map((x) => c.kit.sameContent(x.targetType, ident('t', x.target), ident('excluded', x.target))),
    ' AND ',
    sql`TRUE`,
  )})`
  if (r.position === null) return differs
  const [given, held] = [ident('excluded', r.position.targetColumn ?? ''), ident('t', r.position.targetColumn ?? '')]
  const unsure = sameRepeatedHour(c, r.position, given, held)
  return sql`CASE WHEN ${given} > ${held}${unsure} THEN TRUE WHEN ${given} < ${held}${unsure} THEN FALSE ELSE ${differs} END`
}

/** Rows inserted, and rows updated, as one row of two numbers. */
export function upsert(c: Catalogs, r: FlowRelation, kind: ApplyMode, staged: Staging): Sql {
  const content = contentOf(r)
  const update =
    kind === 'insert-missing' || content.length === 0
      ? sql`NOTHING`
      : sql`UPDATE SET ${joined(
          content.map((x) => sql`${ident(x.target)} = ${ident('excluded', x.target)}`),
          ', ',
        )}
  WHERE ${isNewer(c, r)}`
  return sql`WITH landed AS (
  INSERT INTO ${targetTable(c, landingTable(r))} AS t (${columnNames(r)}) OVERRIDING SYSTEM VALUE
  SELECT ${columnNames(r)} FROM ${staged.from}
  ON CONFLICT (${keys(r)}) DO ${update}
  RETURNING t.xmax = 0 AS inserted
) SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM landed`
}

/** Staged rows that the target has in a newer state, once the others have landed. */
export function olderThanHeld(c: Catalogs, r: FlowRelation, staged: Staging): Sql | null {
  if (r.position === null) return null
  const [given, held] = [sql`s.${stagedPosition(r)}`, ident('t', r.position.targetColumn ?? '')]
  return sql`SELECT count(*) FROM ${staged.from} JOIN ${targetTable(c, landingTable(r))} AS t ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}
WHERE ${given} < ${held}${sameRepeatedHour(c, r.position, given, held)}`
}
