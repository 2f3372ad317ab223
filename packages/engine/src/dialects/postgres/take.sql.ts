/**
 * Making verdicts true by UPDATE and INSERT, so that columns which the flow does not fill, identities and rows of other
 * tables that refer to a row stay. Rows are found by key: an address changes with every update of its row.
 */
import { type FlowRelation, landingTable } from '../contract.ts'
import { type Staging, writtenNames } from '../relational/apply.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { andLive, closing, keepsVersions, openedBy } from '../relational/versions.sql.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'

const PARKED = sql`tidemark_parked`

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

const verdicts = (staged: Staging): Sql => sql`${staged.from} JOIN tidemark_verdict AS v ON v.stage_row = ${staged.row}`

export function updateNewer(c: Catalogs, r: FlowRelation, staged: Staging): Sql {
  const content = r.columns.filter((x) => !r.key.some((k) => k.target === x.target))
  return sql`UPDATE ${targetTable(c, landingTable(r))} AS t SET ${list(
    content.map((x) => sql`${ident(x.target)} = ${ident('s', x.target)}`),
  )}
FROM ${verdicts(staged)} WHERE v.verdict = 'update' AND ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}`
}

/** Versions that a newer one follows. */
export const closeOlder = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`UPDATE ${targetTable(c, landingTable(r))} AS t SET ${closing(r)}
FROM ${verdicts(staged)} WHERE v.verdict = 'update' AND ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}${andLive(r, 't')}`

/** New rows, or versions: a newer one is a row of its own. */
export const insertNew = (
  c: Catalogs,
  r: FlowRelation,
  staged: Staging,
): Sql => sql`INSERT INTO ${targetTable(c, landingTable(r))} (${writtenNames(r)}) OVERRIDING SYSTEM VALUE
SELECT ${list([...r.columns.map((x) => ident('s', x.target)), ...openedBy(r)])} FROM ${verdicts(staged)} WHERE v.verdict ${keepsVersions(r) ? sql`IN ('insert', 'update')` : sql`= 'insert'`}`

// ── values that change hands ──────────────────────────────────────────────────────────────────────────────────

export const noneParked = ({ kit }: Catalogs): readonly Sql[] => kit.remakeEmptyTemp(PARKED, sql`stage_row bigint`)

/** Rows that are about to change and hold a value of a unique constraint that another row of the batch takes over. */
export function park(c: Catalogs, r: FlowRelation, staged: Staging, unique: readonly string[]): Sql {
  const columns = unique.flatMap((name) => r.columns.filter((x) => x.target === name))
  const wanted = columns.map((x, i) => sql`${c.kit.bits(x.targetType, ident('s', x.target))} AS ${ident(`u${i + 1}`)}`)
  const same = columns.map((x, i) => sql`w.${ident(`u${i + 1}`)} = ${c.kit.bits(x.targetType, ident('t', x.target))}`)
  return sql`INSERT INTO ${PARKED}
SELECT DISTINCT v.stage_row FROM tidemark_verdict AS v JOIN ${targetTable(c, landingTable(r))} AS t ON ${c.kit.address('t')} = v.target_row
JOIN (SELECT v.stage_row, ${list(wanted)} FROM ${verdicts(staged)} WHERE v.verdict IN ('insert', 'update')) AS w
  ON w.stage_row <> v.stage_row AND ${joined(same, ' AND ')}
WHERE v.verdict = 'update' AND v.stage_row NOT IN (SELECT stage_row FROM ${PARKED})`
}

/** All rows that are about to change: some refer to others. */
export const parkAll: Sql = sql`INSERT INTO ${PARKED}
SELECT v.stage_row FROM tidemark_verdict AS v WHERE v.verdict = 'update' AND NOT EXISTS (SELECT 1 FROM ${PARKED} AS p WHERE p.stage_row = v.stage_row)`

/** Parked rows let go of their values. `columns`: one that takes NULL of each constraint. */
export const letGo = (
  c: Catalogs,
  r: FlowRelation,
  columns: readonly string[],
): Sql => sql`UPDATE ${targetTable(c, landingTable(r))} AS t SET ${list(columns.map((name) => sql`${ident(name)} = NULL`))}
FROM tidemark_verdict AS v JOIN ${PARKED} AS p ON p.stage_row = v.stage_row WHERE ${c.kit.address('t')} = v.target_row`

/**
 * Parked rows are taken out and come back as they are to be, in one statement: what refers to them is looked at when it
 * is over. The sort reads all that was taken out before the first row comes back. `others`: columns that the flow does not fill.
 */
export function move(c: Catalogs, r: FlowRelation, staged: Staging, others: readonly string[]): Sql {
  const target = targetTable(c, landingTable(r))
  const all = [...r.columns.map((x) => ident(x.target)), ...others.map((o) => ident(o))]
  const values = [
    ...r.columns.map((x) => sql`${ident('s', x.target)} AS ${ident(x.target)}`),
    ...others.map((o) => sql`${ident('t', o)} AS ${ident(o)}`),
  ]
  return sql`WITH gone AS (
  DELETE FROM ${target} AS t USING ${verdicts(staged)} JOIN ${PARKED} AS p ON p.stage_row = v.stage_row
  WHERE ${c.kit.address('t')} = v.target_row RETURNING v.stage_row AS ${ident('tidemark place')}, ${list(values)}
) INSERT INTO ${target} (${list(all)}) OVERRIDING SYSTEM VALUE
SELECT ${list(all)} FROM gone ORDER BY ${ident('tidemark place')}`
}

// ── what the table's definition allows ────────────────────────────────────────────────────────────────────────

const relationOf = (schema: string, table: string): Sql =>
  sql`SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ${param(schema)} AND c.relname = ${param(table)}`

/** Columns, as JSON, of each unique index that a statement may name by them, and whether two NULLs are equal there. */
export const listUnique = (schema: string, table: string): Sql => sql`SELECT array_to_json(ARRAY(
    SELECT a.attname FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS k(n) JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.n)),
  coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false'), c.relkind
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
WHERE i.indrelid = (${relationOf(schema, table)})
  AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`

export const listDomainArrays = (
  schema: string,
  table: string,
): Sql => sql`SELECT a.attname FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_type AS e ON e.oid = t.typelem
WHERE a.attrelid = (${relationOf(schema, table)}) AND a.attnum > 0 AND NOT a.attisdropped AND e.typtype = 'd'`

/** Rows of other tables would follow, or hold on to, a row that is taken out. */
export const isReferred = (schema: string, table: string): Sql =>
  sql`SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'a' AND confrelid = (${relationOf(schema, table)})`

/** Foreign keys of other tables that lead here. */
export const isReferredAtAll = (schema: string, table: string): Sql =>
  sql`SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = (${relationOf(schema, table)})`
