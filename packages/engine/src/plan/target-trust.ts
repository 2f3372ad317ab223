/**
 * Does the target still hold what the ledger says was delivered? The target remembers the newest settled run of
 * each scope; when that is not the ledger's, one of them was restored, emptied or replaced. Pure.
 */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import type { RunState } from '@tidemark/contract/states'
import { AppError } from '../runtime/app-error.ts'
import type { Coverage } from './coverage.ts'
import type { LedgerFacts, TargetFacts } from './flow-facts.ts'

export interface TrustFacts {
  readonly ledger: Pick<LedgerFacts, 'store' | 'watermark' | 'unscoped' | 'knownRuns'>
  readonly targetState: TargetFacts
}

/** Throws TM3007 when they disagree. */
export function checkTarget(d: FlowSpec, scope: Scope, facts: TrustFacts): void {
  const { ledger, targetState } = facts
  const ours = targetState.settled.filter((s) => s.store === ledger.store)
  const mark = ledger.watermark ?? ledger.unscoped
  if (mark === null) {
    const foreign = targetState.settled.find((s) => s.store !== ledger.store && !ours.some((o) => o.scope === s.scope))
    if (foreign && ours.length === 0)
      throw disagree(
        d,
        `${place(d)} was filled by another control store (run ${foreign.run}, up to ${foreign.upTo ?? 'the end'}), and this one has no watermark`,
        foreign.upTo,
      )
    const lost = ours.find((s) => s.scope === scopeText(scope) && !ledger.knownRuns.has(s.run))
    if (lost)
      throw disagree(
        d,
        `${place(d)} remembers run ${lost.run}, which this ledger does not know: the control store was restored or replaced`,
        lost.upTo,
      )
    return
  }
  // a rewind is a person's answer to a disagreement: the next run carries it out
  if (!isRun(mark.run)) return
  // a mark that is no position cannot be gone back to
  const back = (upTo: string | null): string | null =>
    (JSON.parse(mark.coverage) as Coverage).position === null ? null : upTo
  // a scope that took its copy of the unscoped watermark has not settled itself yet
  const settled = ours.find((s) => s.scope === mark.scope) ?? ours.find((s) => s.run === mark.run)
  if (!settled)
    throw disagree(
      d,
      `${place(d)} does not remember run ${mark.run}, which moved the watermark to ${mark.position}: it was emptied, replaced or restored`,
      null,
    )
  if (settled.run !== mark.run) {
    const known = ledger.knownRuns.get(settled.run)
    if (!known)
      throw disagree(
        d,
        `${place(d)} remembers run ${settled.run}, which this ledger does not know: the control store was restored`,
        back(settled.upTo),
      )
    // an unfinished run had settled in the target just before it died: its resume settles it in the ledger too
    if (ENDED_WELL.includes(known.state))
      throw disagree(
        d,
        `${place(d)} remembers run ${settled.run} as its newest, the ledger has ${mark.run}: the target was restored`,
        back(settled.upTo),
      )
  }
  if (settled.hadRows && targetState.empty && d.target.emptied === 'refused')
    throw disagree(d, `${place(d)} is empty, though run ${settled.run} left rows in it`, null)
}

const ENDED_WELL: readonly RunState[] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']
const isRun = (id: string): boolean => id.startsWith('r-')
const place = (d: FlowSpec): string => `${d.target.connection}:${d.target.table.join('.')}`

function disagree(d: FlowSpec, detail: string, upTo: string | null): AppError {
  return new AppError('TM3007', detail, {
    remedy: [
      `tidemark run ${d.id} --full   reads everything again and repairs it`,
      ...(upTo === null ? [] : [`or tidemark rewind ${d.id} --to '${upTo}' --reason TEXT   goes on from there`]),
      ...(detail.includes('is empty') ? ['or target: { emptied: expected }   if that is its way of life'] : []),
    ],
  })
}
