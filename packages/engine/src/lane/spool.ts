/**
 * Where one engine reads both ends, rows are taken out once, by one statement, into the run's work file, and everything
 * after that reads the spool. Between two engines each batch is a spool of its own, made and read by `stage`.
 */
import type { Bench, FlowRelation, Selection, SpoolArea } from '../dialects/contract.ts'
import { spooledRelation, WHOLE_SPOOL } from '../dialects/spooled-relation.ts'
import type { Hit } from '../runtime/failpoint.ts'
import type { Bring } from './bring-for.ts'

export const spool: Bring = (bench, tx, { relation, selection, split, part, rows }) =>
  bench.stage(tx, relation, selection, split, part, { lane: 'spool', knowsBadRows: rows.refused.length > 0 })

interface Travelling {
  readonly spoolsWhole: boolean
  readonly relation: FlowRelation
  readonly selection: Selection
}

/** The plan as its batches read it. */
export const travelling = <P extends Travelling>(plan: P): P =>
  plan.spoolsWhole ? { ...plan, relation: spooledRelation(plan.relation), selection: WHOLE_SPOOL } : plan

/** Where all rows of a run can be taken out first; null: nowhere. */
export const spoolOf = ({ work }: Pick<Bench, 'work'>): SpoolArea | null =>
  work.capturesKeys ? work : (work.ofSpool ?? null)

/** What the batches read, by a text that changes when it does; the spool is filled where it is not there. */
export async function readyToRead(
  bench: Bench,
  plan: Travelling & { readonly estimatedRows: string },
  hit: Hit,
): Promise<string> {
  const area = spoolOf(bench)
  if (!plan.spoolsWhole || area === null) return bench.source.fingerprint()
  const there = await area.spooled()
  if (there !== null) return there
  await area.spool(plan.relation, plan.selection, BigInt(plan.estimatedRows))
  await hit('spool:extracted')
  return (await area.spooled()) ?? ''
}
