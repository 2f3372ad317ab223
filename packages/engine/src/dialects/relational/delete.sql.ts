/** Rows that the source no longer has. The work area's table `gone` has their keys, numbered. */
import { type FlowRelation, landingTable } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { BatchPart } from '../row-policy.ts'
import { EMPTY, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import { type Catalogs, keyEquals, keyName, targetKey, targetTable, work, workKey } from './names.ts'
import { ALWAYS } from './selection.sql.ts'
import { andLive, closing, keepsVersions } from './versions.sql.ts'

export type Carried = NonNullable<FlowRelation['target']['carries']>[number]

/** Of the target as `t`: rows that the run's scope still has, and that are not excluded from the flow in every role. */
export function deletable(
  { kit }: Pick<Catalogs, 'kit'>,
  r: FlowRelation,
  isCarried: (x: Carried) => Sql = ({ column, type, value }) =>
    sql`${ident('t', column)} = ${kit.valueOf(type, param(value))}`,
): Sql {
  const carried = (r.target.carries ?? []).map(isCarried)
  const collationOf = ({ target }: PlannedColumn): string | undefined =>
    r.target.rules.folded.find((x) => x.column === target)?.collation
  const kept = r.excludeKeys.flatMap((e) =>
    r.key
      .filter((k) => k.source === e.column)
      .map((k) => sql`NOT (${ident('t', k.target)} IN ${kit.listOf(e.values, k.targetType, collationOf(k))})`),
  )
  return sql`${joined([...carried, ...kept], ' AND ', ALWAYS)}${andLive(r, 't')}`
}

/**
 * Asked again when they go: since they were found, another scope may have taken a row over. `gone`: the keys of alias `g`
 * as `k1`, `k2`, …; `among`: which of them.
 */
function deleteKeys(c: Catalogs, r: FlowRelation, gone: Sql, among: Sql): Sql {
  const target = sql`${targetTable(c, landingTable(r))} AS t`
  const where = sql`WHERE ${among}${keyEquals(r, targetKey(r, 't'), workKey('g'))} AND ${deletable(c, r)}`
  return keepsVersions(r)
    ? sql`UPDATE ${target} SET ${closing(r)} FROM ${gone} AS g\n${where}`
    : sql`DELETE FROM ${target} USING ${gone} AS g\n${where}`
}

export const deleteGone = (c: Catalogs, r: FlowRelation, { first, last }: BatchPart): Sql =>
  deleteKeys(
    c,
    r,
    work(c, 'gone'),
    sql`g.n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)\n  AND `,
  )

/** The same of keys that come as a JSON array of arrays of texts. */
export function deleteListed(c: Catalogs, r: FlowRelation, keys: string): Sql {
  const values = r.key.map(
    (k, i) => sql`${c.kit.valueOf(k.targetType, sql`x ->> ${whole(BigInt(i))}`)} AS ${keyName(i)}`,
  )
  return deleteKeys(c, r, sql`(SELECT ${joined(values, ', ')} FROM ${c.kit.objectsOf(param(keys))} AS l)`, EMPTY)
}
