/** The statements that a run of a plan would send, for people. */
import type { CaptureModes, ExplainedExtraction } from '../capture/capture-mode.ts'
import type { Bench } from '../dialects/contract.ts'
import { travelling } from '../lane/spool.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { withVersion } from './delete-batches.ts'
import { explainExtraction } from './kept-run.ts'

export async function explainRun(
  modes: CaptureModes,
  store: string,
  plan: FlowPlan,
  bench: Bench,
): Promise<ExplainedExtraction['statements']> {
  const { kind } = plan.definition.apply
  const apply = kind === 'insert-missing' ? kind : 'latest'
  const extraction = await explainExtraction(modes, store, plan, bench)
  if (extraction === null) return bench.explain(plan.relation, plan.selection, apply, plan.lane)
  if (kind === 'none') return extraction.statements
  const { relation, selection } = travelling(withVersion(plan, extraction))
  // the spool is filled, and its batches are read where it lies
  return [...extraction.statements, ...bench.explain(relation, selection, apply, 'pushdown')]
}
