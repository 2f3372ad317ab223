/** Rows in quarantine, read again as they are now, whatever the mode of capture. The watermark knows nothing of it. */
import type { Selection } from '../dialects/contract.ts'
import type { CaptureDecision, CaptureQuestion } from './capture-mode.ts'

/** in the place of what decided a window */
export const RETRY = 'retry'

const NO_WINDOW = { after: null, upTo: null, decidedBy: RETRY } as const

export async function retryDecision(q: CaptureQuestion, keys: readonly string[]): Promise<CaptureDecision> {
  if (keys.length === 0)
    return { kind: 'nothing', reason: 'no such reject is open any more', window: NO_WINDOW, waiting: null, notes: [] }
  const selection: Selection = {
    window: null,
    withNullPosition: false,
    absent: null,
    unmatched: [],
    again: keys,
    onlyAgain: true,
    gained: [],
  }
  const { rows } = await q.source.tally(q.relation, selection, 0n, q.targetExists)
  return {
    kind: 'take',
    goal: RETRY,
    window: NO_WINDOW,
    selection,
    watermark: null,
    look: null,
    rows,
    waiting: null,
    notes: [],
  }
}
