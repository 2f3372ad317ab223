/** How the staged rows of a batch come into the target: into its table, or into the folder that stands for one. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { type FlowRelation, landingTable } from '../contract.ts'
import * as apply from '../relational/apply.sql.ts'
import { judge, unfilled } from '../relational/judge.ts'
import type { Sift } from '../relational/sift.ts'
import type { DuckdbCatalogs } from './names.ts'
import type { DuckdbTarget } from './target.ts'
import type { TargetEnd } from './target-end.ts'
import type { DuckdbTransaction } from './transaction.ts'

interface Into {
  readonly target: DuckdbTarget
  /** null: a table of the database */
  readonly landing: TargetEnd['landing']
}

export async function land(
  own: DuckdbTransaction,
  c: DuckdbCatalogs,
  r: FlowRelation,
  kind: 'insert-missing' | 'latest',
  sift: Sift,
  { target, landing }: Into,
): Promise<RowCounts> {
  if (landing !== null) return await landing.land(own, c, r, sift.staged)
  if (own.fresh) return await insertFresh(own, c, r, sift.staged)
  const counts = await judge(own, c, r, kind, sift)
  const { staged } = sift // the judging may have taken rows out
  if (counts.inserted === counts.read) await own.exec(apply.insertAll(c, r, staged))
  else if (counts.inserted + counts.updated > 0n) {
    const others = await unfilledOf(target, r)
    const all = kind === 'latest' && others.length === 0 && counts.inserted + counts.updated === counts.read
    const statements = all ? apply.takeAll(c, r, staged) : apply.take(c, r, kind, staged, others)
    for (const statement of statements) await own.exec(statement)
  }
  if (kind === 'latest') for (const statement of apply.takePositions(c, r, staged)) await own.exec(statement)
  return counts
}

/** Into a table that holds this run's rows alone: no row is looked up. */
async function insertFresh(
  own: DuckdbTransaction,
  c: DuckdbCatalogs,
  r: FlowRelation,
  staged: apply.Staging,
): Promise<RowCounts> {
  const rows = await own.exec(apply.insertAll(c, r, staged))
  return { ...NO_ROWS, read: rows, inserted: rows }
}

/**
 * Target columns that keep their values when a row is replaced. Not asked in the batch's transaction: the catalog's
 * functions look into every attached file, and would hold those of other flows until the batch ends.
 */
const unfilledOf = async (target: DuckdbTarget, r: FlowRelation): Promise<readonly string[]> =>
  unfilled(await target.describe(landingTable(r)), r)
