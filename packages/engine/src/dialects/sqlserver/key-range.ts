/** Where a batch's rows are, as a range of the key: captured rows are numbered in its order. */
import type { FlowRelation } from '../contract.ts'
import type { BatchPart } from '../row-policy.ts'
import { mainKeys } from '../relational/columns.sql.ts'
import { type Catalogs, keyName, work } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { param, type Sql, sql } from '../sql-text.ts'

/**
 * Bounds that the optimizer can see: batch by batch, a table is read once and not once each. Null: a tree's rows are
 * numbered by depth, and a masked key has no order.
 */
export async function keyRange(
  to: Pick<Sender, 'query'>,
  c: Catalogs,
  r: FlowRelation,
  { first, last }: BatchPart,
): Promise<Sql | null> {
  const [key] = r.key
  const [value] = mainKeys(c, r)
  if (r.tree !== null || key === undefined || value === undefined || key.mask !== null) return null
  const at = (n: bigint): Sql =>
    sql`(SELECT ${c.kit.asText(key.sourceType, keyName(0))} FROM ${work(c, 'captured')} WHERE n = CAST(${param(n)} AS bigint))`
  const [row] = await to.query(sql`SELECT ${at(first)}, ${at(last)}`)
  const [from, upTo] = row ?? []
  if (from == null || upTo == null) return null
  return sql`${value} BETWEEN ${c.kit.valueOf(key.sourceType, param(from))} AND ${c.kit.valueOf(key.sourceType, param(upTo))}`
}
