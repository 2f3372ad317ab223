/**
 * The plain way into a table: UPDATE what is newer, then INSERT what is not there. One MERGE would say the same, and is
 * not sent: under concurrency it takes no key range by itself, it fires triggers in one go with both kinds of rows, and
 * a filtered index, an indexed view or a foreign key to itself makes it fail or worse (decision 0022).
 */
import { type FlowRelation, landingTable } from '../contract.ts'
import { type ApplyMode, columnNames, stagedPosition, type Staging } from '../relational/apply.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { EMPTY, ident, joined, type Sql, sql } from '../sql-text.ts'
import { contentOf, maxDop, sameRepeatedHour, sameRow, type Writing } from './verdict.sql.ts'

const target = (c: Catalogs, r: FlowRelation): Sql => targetTable(c, landingTable(r))

/** Newer wins; an equal position, or none on either side, is decided by content. */
function isNewer(c: Catalogs, r: FlowRelation): Sql {
  if (r.position === null) return sql`NOT (${sameRow(c, r)})`
  const [given, held] = [sql`s.${stagedPosition(r)}`, ident('t', r.position.targetColumn ?? '')]
  const unsure = sameRepeatedHour(r.position, given, held)
  return sql`CASE WHEN ${given} > ${held}${unsure} THEN 1 WHEN ${given} < ${held}${unsure} THEN 0 WHEN ${sameRow(c, r)} THEN 0 ELSE 1 END = 1`
}

/** Null: there is nothing to update. */
export function updateNewer(c: Catalogs, r: FlowRelation, kind: ApplyMode, staged: Staging, w: Writing): Sql | null {
  const content = contentOf(r, w)
  if (kind === 'insert-missing' || content.length === 0) return null
  // what is written here is read too
  const byLocks = c.target.hint?.(landingTable(r)) == null ? EMPTY : sql`, READCOMMITTEDLOCK`
  return sql`UPDATE t SET ${joined(
    content.map((x) => sql`${ident(x.target)} = ${ident('s', x.target)}`),
    ', ',
  )}
FROM ${target(c, r)} AS t WITH (UPDLOCK, ROWLOCK${byLocks}) JOIN ${staged.from} ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}
WHERE ${isNewer(c, r)}${maxDop(w.maxDop)}`
}

export const insertMissing = (c: Catalogs, r: FlowRelation, staged: Staging, w: Writing): Sql =>
  sql`INSERT INTO ${target(c, r)} (${columnNames(r)})
SELECT ${joined(
    r.columns.map((x) => ident('s', x.target)),
    ', ',
  )}
FROM ${staged.from}
WHERE NOT EXISTS (SELECT 1 FROM ${target(c, r)} AS t WITH (UPDLOCK, ROWLOCK) WHERE ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))})${maxDop(w.maxDop)}`

/** Staged rows that the target has in a newer state, once the others have landed. */
export function olderThanHeld(c: Catalogs, r: FlowRelation, staged: Staging): Sql | null {
  if (r.position === null) return null
  const [given, held] = [sql`s.${stagedPosition(r)}`, ident('t', r.position.targetColumn ?? '')]
  return sql`SELECT COUNT_BIG(*) FROM ${staged.from} JOIN ${target(c, r)} AS t ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}
WHERE ${given} < ${held}${sameRepeatedHour(r.position, given, held)}`
}
