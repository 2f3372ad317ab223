/** Rows that the source no longer has. The work area's table `gone` has their keys, numbered. */
import { type FlowRelation, landingTable } from '../contract.ts'
import type { BatchPart } from '../row-policy.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { type Catalogs, keyEquals, targetKey, targetTable, work, workKey } from './names.ts'
import { ALWAYS } from './selection.sql.ts'
import { andLive, closing, keepsVersions } from './versions.sql.ts'

/** Of the target as `t`: rows that the run's scope still has, and that are not excluded from the flow in every role. */
export function deletable({ kit }: Pick<Catalogs, 'kit'>, r: FlowRelation): Sql {
  const carried = (r.target.carries ?? []).map(
    ({ column, type, value }) => sql`${ident('t', column)} = ${kit.valueOf(type, param(value))}`,
  )
  const kept = r.excludeKeys.flatMap((e) =>
    r.key
      .filter((k) => k.source === e.column)
      .map((k) => sql`NOT (${ident('t', k.target)} IN ${kit.listOf(e.values, k.targetType)})`),
  )
  return sql`${joined([...carried, ...kept], ' AND ', ALWAYS)}${andLive(r, 't')}`
}

/** Asked again when they go: since they were found, another scope may have taken a row over. */
export function deleteGone(c: Catalogs, r: FlowRelation, { first, last }: BatchPart): Sql {
  const target = sql`${targetTable(c, landingTable(r))} AS t`
  const gone = sql`${work(c, 'gone')} AS g`
  const where = sql`WHERE g.n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)
  AND ${keyEquals(r, targetKey(r, 't'), workKey('g'))} AND ${deletable(c, r)}`
  return keepsVersions(r)
    ? sql`UPDATE ${target} SET ${closing(r)} FROM ${gone}\n${where}`
    : sql`DELETE FROM ${target} USING ${gone}\n${where}`
}
