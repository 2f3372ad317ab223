/** Which rows of the target go: temporary tables of the session that compares. */
import { type ImageColumn, imageValue } from '../dialects/duckdb/image.sql.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../dialects/sql-text.ts'
import { keyText } from './fingerprint.sql.ts'
import { hotTable } from './hot.sql.ts'
import { JUDGED, PRESENT } from './judge.sql.ts'

/** keys that a lost extraction of the same run may have brought to the target: key */
export const UNDONE = ident('temp', 'main', 'snapshot_undone')
/** n, k1, k2, … as the target has them */
export const GONE = ident('temp', 'main', 'snapshot_gone')
/** The kind, among a snapshot's differences, of the keys in UNDONE that are not deleted besides. */
const KIND = 'undone'

/** Null: no batch can have delivered anything. */
export const takeUndone = (catalog: string, snapshot: string | null): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${UNDONE} AS
SELECT key FROM ${hotTable(catalog, 'hot_row')} WHERE snapshot = ${param(snapshot)}
UNION SELECT key FROM ${hotTable(catalog, 'difference')} WHERE snapshot = ${param(snapshot)} AND kind = ${param(KIND)}`

/** For an extraction that takes the place of this one in turn. */
export const rememberUndone = (catalog: string, snapshot: string): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'difference')} (snapshot, key, kind)
SELECT ${param(snapshot)}, key, ${param(KIND)} FROM ${UNDONE} AS u WHERE NOT EXISTS (SELECT 1 FROM ${PRESENT} AS p WHERE p.key = u.key)`

/**
 * `whole`: every row of the target that the snapshot does not have, since nothing says which of them the flow brought;
 * else those that the snapshot before had. `deletable`: of alias `t`.
 */
export function takeGone(target: Sql | null, key: readonly ImageColumn[], deletable: Sql, whole: boolean): Sql {
  const numbered = joined(
    key.map((column, i) => sql`${target === null ? sql`NULL` : imageValue('t', column)} AS ${ident(`k${i + 1}`)}`),
    ', ',
  )
  if (target === null)
    return sql`CREATE OR REPLACE TEMP TABLE ${GONE} AS SELECT CAST(0 AS BIGINT) AS n, ${numbered} WHERE FALSE`
  const named = keyText('t', key)
  const known = sql`${named} IN (SELECT key FROM ${JUDGED} WHERE kind = 'deleted' UNION ALL SELECT key FROM ${UNDONE})`
  return sql`CREATE OR REPLACE TEMP TABLE ${GONE} AS SELECT row_number() OVER () AS n, ${numbered}
FROM ${target} AS t WHERE ${deletable} AND ${named} NOT IN (SELECT key FROM ${PRESENT})${whole ? EMPTY : sql` AND ${known}`}`
}

export const countGone = sql`SELECT count(*) FROM ${GONE}`

export const countDeletable = (target: Sql, deletable: Sql): Sql =>
  sql`SELECT count(*) FROM ${target} AS t WHERE ${deletable}`
