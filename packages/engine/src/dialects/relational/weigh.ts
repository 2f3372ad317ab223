/** What a batch would do: staged, judged against the target as it is, and thrown away. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { CapturedBatch, FlowRelation, Selection, TableFacts } from '../contract.ts'
import { stepAt } from '../planned-steps.ts'
import type { RowPolicy } from '../row-policy.ts'
import type { Sql } from '../sql-text.ts'
import type { ApplyMode, Staging } from './apply.sql.ts'
import { judge, lackingIn } from './judge.ts'
import type { Catalogs } from './names.ts'
import type { Sender } from './sender.ts'
import { Sift, withOut } from './sift.ts'
import { stageByKey, stageGiven } from './stage-batch.ts'

export interface Weighed {
  readonly selection: Selection
  readonly split: CapturedBatch
  readonly kind: ApplyMode
  readonly policy: RowPolicy
}

export interface WeighedTarget {
  /** null: it does not exist yet */
  readonly facts: TableFacts | null
  readonly keepsPositions: boolean
}

export interface WeighHooks {
  /** Rows that are read where they lie. */
  slice(relation: FlowRelation, exists: boolean): Staging
  narrowing(relation: FlowRelation): Promise<Sql | null>
  /** null: the rows are judged one by one */
  landing: Landing
}

type Landing = ((relation: FlowRelation, staged: Staging) => Promise<RowCounts>) | null

/** No position was ever kept there: content alone decides. */
export const unheld = (flow: FlowRelation, { keepsPositions }: Pick<WeighedTarget, 'keepsPositions'>): FlowRelation =>
  flow.position?.targetColumn === null && !keepsPositions ? { ...flow, position: null } : flow

/** What replaces a table is weighed against none. */
const standsIn = (relation: FlowRelation, facts: TableFacts | null): boolean =>
  relation.target.beside === null && facts !== null

export async function weighBatch(
  to: Sender,
  c: Catalogs,
  flow: FlowRelation,
  { selection, split, kind, policy }: Weighed,
  target: WeighedTarget,
  hooks: WeighHooks,
): Promise<RowCounts> {
  const relation = unheld(flow, target)
  const exists = standsIn(relation, target.facts)
  const template = stepAt(flow, split.step)?.batch ?? null
  const staged = split.readAt === null ? c.say.stage.staged(relation) : hooks.slice(relation, exists)
  const all = { selection, split, part: null }
  const rows =
    template !== null
      ? await stageGiven(to, c, relation, template, all, exists)
      : split.readAt === null
        ? await stageByKey(to, c, relation, split, null, await hooks.narrowing(relation))
        : split.rows
  return weighStaged(to, c, relation, { staged, rows, split, kind, policy }, target.facts, hooks.landing)
}

export async function weighStaged(
  to: Sender,
  c: Catalogs,
  relation: FlowRelation,
  batch: Omit<Weighed, 'selection'> & { readonly staged: Staging; readonly rows: bigint },
  facts: TableFacts | null,
  landing: Landing,
): Promise<RowCounts> {
  const sift = new Sift(to, c, relation, batch, batch.policy)
  await sift.foresee(false)
  const left = batch.rows - sift.out
  if (!standsIn(relation, facts)) return withOut({ ...NO_ROWS, read: left, inserted: left }, sift)
  const judged =
    landing === null
      ? judge(to, c, relation, batch.kind, sift, lackingIn(facts, relation))
      : landing(relation, sift.staged)
  return withOut(await judged, sift)
}
