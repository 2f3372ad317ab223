/** What a batch would do: staged, judged against the target as it is, and thrown away. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { CapturedBatch, FlowRelation, Selection, TableFacts } from '../contract.ts'
import { stepAt } from '../planned-steps.ts'
import type { RowPolicy } from '../row-policy.ts'
import type { Sql } from '../sql-text.ts'
import * as apply from './apply.sql.ts'
import { judge, lackingIn } from './judge.ts'
import type { Catalogs } from './names.ts'
import type { Sender } from './sender.ts'
import { Sift, withOut } from './sift.ts'
import { stageByKey, stageGiven } from './stage-batch.ts'

export interface Weighed {
  readonly selection: Selection
  readonly split: CapturedBatch
  readonly kind: apply.ApplyMode
  readonly policy: RowPolicy
}

export interface WeighedTarget {
  /** null: it does not exist yet */
  readonly facts: TableFacts | null
  readonly keepsPositions: boolean
}

export interface WeighHooks {
  /** Rows that are read where they lie. */
  slice(relation: FlowRelation, exists: boolean): apply.Staging
  narrowing(relation: FlowRelation): Promise<Sql | null>
  /** null: the rows are judged one by one */
  landing: ((relation: FlowRelation, staged: apply.Staging) => Promise<RowCounts>) | null
}

export async function weighBatch(
  to: Sender,
  c: Catalogs,
  flow: FlowRelation,
  { selection, split, kind, policy }: Weighed,
  { facts, keepsPositions }: WeighedTarget,
  hooks: WeighHooks,
): Promise<RowCounts> {
  // no position was ever kept there: content alone decides
  const relation = flow.position?.targetColumn === null && !keepsPositions ? { ...flow, position: null } : flow
  // what replaces a table is weighed against none
  const exists = relation.target.beside === null && facts !== null
  const template = stepAt(flow, split.step)?.batch ?? null
  const staged = split.readAt === null ? apply.staged(relation) : hooks.slice(relation, exists)
  const all = { selection, split, part: null }
  const rows =
    template !== null
      ? await stageGiven(to, c, relation, template, all, exists)
      : split.readAt === null
        ? await stageByKey(to, c, relation, split, null, await hooks.narrowing(relation))
        : split.rows
  const sift = new Sift(to, c, relation, { staged, split }, policy)
  await sift.foresee(false)
  const landing = rows - sift.out
  if (!exists) return withOut({ ...NO_ROWS, read: landing, inserted: landing }, sift)
  const judged =
    hooks.landing === null
      ? judge(to, c, relation, kind, sift, lackingIn(facts, relation))
      : hooks.landing(relation, sift.staged)
  return withOut(await judged, sift)
}
