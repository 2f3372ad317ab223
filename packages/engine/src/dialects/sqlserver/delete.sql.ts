/**
 * Rows that the source no longer has. Their keys are staged like rows of a batch, with types and collations of the target; what
 * the server holds equal to one of them and is another key stays.
 */
import { VERSION_COLUMNS } from '@tidemark/contract/flow'
import { arrivedRelation } from '../arrived-relation.ts'
import { type FlowRelation, landingTable } from '../contract.ts'
import { type Carried, deletable } from '../relational/delete.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { andLive, closing, FOREVER, keepsVersions } from '../relational/versions.sql.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { STAGE } from './stage.sql.ts'
import { findType, TEXTS } from './type-text.ts'
import { equalContent } from './types.ts'

const isText = (type: string): boolean => TEXTS.has(findType(type)?.name ?? '')

/** `=` may hold two different values equal: by a collation, by blanks or by zeros at their end. */
const mayFold = (type: string): boolean => isText(type) || findType(type)?.name === 'varbinary'

/** `exactly`: the source tells apart the values of a scope that differ in case or in blanks at their end. */
export const deletableHere = (c: Catalogs, r: FlowRelation, exactly: boolean): Sql =>
  deletable(c, r, ({ column, type, value }: Carried) => {
    const held = ident('t', column)
    // cut to what fits, a text would be another
    const given = isText(type) ? c.kit.exactCast(c.kit.textType, type, param(value)) : c.kit.valueOf(type, param(value))
    return sql`${held} = ${given}${exactly && mayFold(type) ? sql` AND ${equalContent(type, held, given)}` : EMPTY}`
  })

/** The keys alone, as they arrive. */
export const goneRelation = (r: FlowRelation): FlowRelation =>
  arrivedRelation({ ...r, columns: r.key, position: null }, (x) => x.targetType, null, false)

/** Of the staged keys. Whether a row may go is asked again: since it was found, another scope may have taken it over. */
export function removeStaged(c: Catalogs, r: FlowRelation, exactly: boolean): Sql {
  const from = sql`FROM ${targetTable(c, landingTable(r))} AS t WITH (UPDLOCK, ROWLOCK) JOIN ${STAGE} AS s ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}`
  const same = r.key
    .filter((k) => mayFold(k.targetType))
    .map((k) => equalContent(k.targetType, ident('t', k.target), ident('s', k.target)))
  const where = sql`WHERE ${joined([...same, deletableHere(c, r, exactly)], ' AND ')}`
  return keepsVersions(r) ? sql`UPDATE t SET ${closing(r)}\n${from}\n${where}` : sql`DELETE FROM t\n${from}\n${where}`
}

const [BATCH_IN, BATCH_OUT] = [ident('t', VERSION_COLUMNS.from), ident('t', VERSION_COLUMNS.to)]

/** The next number that no version of the table has, and not below `least`. */
export const nextBatch = (target: Sql, least: bigint): Sql =>
  sql`SELECT MAX(q.n) FROM (
  SELECT CAST(${param(least)} AS bigint) AS n
  UNION ALL SELECT CAST(MAX(${BATCH_IN}) AS bigint) + 1 FROM ${target} AS t
  UNION ALL SELECT CAST(MAX(${BATCH_OUT}) AS bigint) + 1 FROM ${target} AS t WHERE ${BATCH_OUT} < ${FOREVER}
) AS q`

/** Keys of the target as `m`, each with whether the run may delete its row; of versions the live ones. */
export function heldKeys(c: Catalogs, r: FlowRelation, flag: string, exactly: boolean, hint: Sql): Sql {
  const keys = r.key.map((k) => ident('t', k.target))
  const may = sql`CAST(CASE WHEN ${deletableHere(c, r, exactly)} THEN 1 ELSE 0 END AS bit) AS ${ident(flag)}`
  return sql`(SELECT ${joined([...keys, may], ', ')} FROM ${targetTable(c, r.target.table)} AS t${hint} WHERE 1 = 1${andLive(r, 't')}) AS m`
}
