/** A batch's rows as a staging relation, and what they must not be. */
import { AppError } from '../../runtime/app-error.ts'
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { type PlannedTemplate, stepAt } from '../planned-steps.ts'
import type { BatchPart } from '../row-policy.ts'
import type { Sql } from '../sql-text.ts'
import type { Catalogs } from './names.ts'
import { execAll, type Sender } from './sender.ts'

/** Rows staged. `narrowing`: where the captured rows were; those that are not there any more are found by key alone. */
export async function stageByKey(
  to: Sender,
  c: Catalogs,
  relation: FlowRelation,
  split: CapturedBatch,
  part: BatchPart | null,
  narrowing: Sql | null,
): Promise<bigint> {
  const taken = part ?? split
  const captured = part === null ? split.rows : part.last - part.first + 1n
  await execAll(to, c.say.stage.stage(c, relation, taken, narrowing))
  let rows = await to.count(c.say.stage.stagedRows)
  if (narrowing !== null && rows < captured) {
    await execAll(to, c.say.stage.stage(c, relation, taken, null))
    rows = await to.count(c.say.stage.stagedRows)
  }
  // only a joined table can have several rows for one: the captured keys are unique
  const repeated = relation.source.joins.length === 0 ? 0n : await to.count(c.say.stage.repeatedKeys(relation))
  if (rows > captured || repeated > 0n)
    throw new AppError(
      'TM4005',
      `${relation.source.table.join('.')} gave ${rows} rows for ${captured} keys: a joined table has several rows for one`,
    )
  return rows
}

/** What a template gives may be anything: each row is one of the batch, and no key comes twice. Rows staged. */
export async function stageGiven(
  to: Sender,
  c: Catalogs,
  relation: FlowRelation,
  template: PlannedTemplate,
  batch: { readonly selection: Selection; readonly split: CapturedBatch; readonly part: BatchPart | null },
  targetExists: boolean,
): Promise<bigint> {
  const { selection, split, part } = batch
  const step = `batch of step ${stepAt(relation, split.step)?.name}`
  await execAll(to, c.say.stage.stageTemplate(c, relation, template, split, selection.window, targetExists)).catch(
    (error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'TM5001') throw error
      throw new AppError('TM4019', `${step}, ${error.detail}`, { cause: error })
    },
  )
  const strangers = await to.query(c.say.template.strangers(c, relation, split))
  const repeated = await to.count(c.say.stage.repeatedKeys(relation))
  const key = relation.key.map((k) => k.target).join(', ')
  if (strangers.length > 0)
    throw new AppError(
      'TM4039',
      `${step} gave rows that are not of the batch: ${key} = ${strangers.map((s) => s.map((v) => v ?? 'NULL').join(', ')).join('; ')}`,
    )
  if (repeated > 0n) throw new AppError('TM4039', `${step} gave ${repeated} rows too many for one ${key}`)
  await execAll(to, c.say.stage.numberGiven(c, relation, part ?? split))
  return to.count(c.say.stage.stagedRows)
}
