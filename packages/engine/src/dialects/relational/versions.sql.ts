/**
 * A target that keeps every version of a row: valid for `batch_in <= b <= batch_out`, both inclusive; a live one has the
 * greatest number there is, and one that batch N closed ends with N − 1.
 */
import { VERSION_COLUMNS } from '@tidemark/contract/flow'
import type { FlowRelation } from '../contract.ts'
import { catalogText, EMPTY, ident, param, type Sql, sql } from '../sql-text.ts'

const BATCH_IN = VERSION_COLUMNS.from
const BATCH_OUT = VERSION_COLUMNS.to
/** where a live version ends */
export const FOREVER = catalogText('2147483647')

export const keepsVersions = (r: FlowRelation): boolean => r.target.versions !== undefined

/** Of alias `alias`: the version that is valid now; nothing where the target has no others. */
export const andLive = (r: FlowRelation, alias: string): Sql =>
  keepsVersions(r) ? sql` AND ${ident(alias, BATCH_OUT)} = ${FOREVER}` : EMPTY

export const versionDefinitions = (r: FlowRelation): readonly Sql[] =>
  keepsVersions(r) ? [BATCH_IN, BATCH_OUT].map((name) => sql`${ident(name)} int NOT NULL`) : []

/** The columns of a version that opens, after those of the flow. */
export const versionNames = (r: FlowRelation): readonly Sql[] =>
  keepsVersions(r) ? [ident(BATCH_IN), ident(BATCH_OUT)] : []

export const openedBy = (r: FlowRelation): readonly Sql[] =>
  keepsVersions(r) ? [sql`CAST(${param(batchOf(r))} AS int)`, FOREVER] : []

/** What tells a version from the others of its key. */
export const versionKey = (r: FlowRelation): readonly Sql[] => (keepsVersions(r) ? [ident(BATCH_IN)] : [])

/** SET of a version that closes. */
export const closing = (r: FlowRelation): Sql =>
  sql`${ident(BATCH_OUT)} = CAST(${param(String(BigInt(batchOf(r)) - 1n))} AS int)`

/** The next number that no version of the table has, and not below `least`. */
export const nextBatch = (target: Sql, least: bigint): Sql =>
  sql`SELECT greatest(CAST(${param(String(least))} AS BIGINT), coalesce(max(${ident(BATCH_IN)}), 0) + 1, coalesce(max(${ident(BATCH_OUT)}) FILTER (WHERE ${ident(BATCH_OUT)} < ${FOREVER}), 0) + 1) FROM ${target} AS t`

function batchOf(r: FlowRelation): string {
  const batch = r.target.versions?.batch
  if (batch == null) throw new TypeError('no number of versions')
  return batch
}
