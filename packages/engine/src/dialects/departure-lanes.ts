/** Which lanes lead from a departure to the bench that takes its rows in. */
import type { FlowRelation } from './contract.ts'
import type { Departure, Wire } from './departure.ts'
import type { LaneFacts } from './lanes.ts'

const TWO_ENGINES = 'no engine sees both ends'

/** Why rows cannot leave their database batch by batch; null: they can. */
function refusalOf(r: FlowRelation): string | null {
  if (r.tree !== null) return 'a tree is closed where it lies, by an engine that sees both ends'
  if (r.steps.some((step) => step.queue !== null || step.batch !== null))
    return 'steps with SQL of their own read source and target together'
  return null
}

/** `takes`: how the target's end can take rows; `exact`: why bytes cannot pass undecoded, null: they can. */
export function lanesFrom(
  from: Departure,
  takes: readonly Wire[],
  r: FlowRelation,
  exact: (r: FlowRelation) => string | null,
): LaneFacts {
  const refusal = refusalOf(r) ?? from.refusal(r)
  const both = r.columns.find((x) => x.cast !== null && x.mask !== null)
  const notRelay =
    refusal ??
    (from.wires.includes('pgcopy') && takes.includes('pgcopy')
      ? exact(r)
      : 'relay passes bytes between two servers of one kind, and here is none')
  const notSpool = refusal ?? (both ? `${both.target} is cast and masked, and its cast is a type of the target` : null)
  const travelling = ['each batch is a file on its way', ...(from.reads === null ? [] : [from.reads])].join('; ')
  return {
    pushdown: { possible: false, why: TWO_ENGINES },
    relay: { possible: notRelay === null, why: notRelay ?? 'bytes pass from COPY to COPY undecoded', byBatch: true },
    spool: { possible: notSpool === null, why: notSpool ?? travelling, byBatch: true },
  }
}
