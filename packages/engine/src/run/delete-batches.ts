/** The batches of a run whose target also loses rows: those that delete come first. */
import type { Extracted } from '../capture/capture-mode.ts'
import type { CapturedBatch } from '../dialects/contract.ts'
import { type FlowPlan, takesAway } from '../plan/flow-plan.ts'

/** `spool`: what tells the one that the keys lie beside. */
export function withDeletes(
  plan: FlowPlan,
  rows: readonly CapturedBatch[],
  extracted: Extracted | null,
  spool: string,
): readonly CapturedBatch[] {
  if (!takesAway(plan)) return rows
  const size = BigInt(plan.batch.rows)
  const keys = BigInt(extracted?.deletes ?? '0')
  const deletes = Array.from({ length: Number((keys + size - 1n) / size) }, (_, i): CapturedBatch => {
    const first = BigInt(i) * size + 1n
    const last = first + size - 1n < keys ? first + size - 1n : keys
    return {
      step: 1,
      wave: 1,
      readAt: spool,
      range: null,
      first,
      last,
      rows: last - first + 1n,
      bytes: 0n,
      deletes: true,
    }
  })
  return [...deletes, ...rows.map((b) => ({ ...b, step: b.step + 1 }))]
}

/** The plan as its batches execute it: what the run opens and closes versions by is known. */
export const withVersion = (plan: FlowPlan, extracted: Pick<Extracted, 'version'> | undefined): FlowPlan =>
  extracted?.version === undefined
    ? plan
    : {
        ...plan,
        relation: {
          ...plan.relation,
          target: { ...plan.relation.target, versions: { batch: extracted.version } },
        },
      }
