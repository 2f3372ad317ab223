/** All rows that the target lacks; no position is needed and no watermark kept. */
import type { BackfillOptions } from '@tidemark/contract/capture'
import { AppError } from '../runtime/app-error.ts'
import type { Selection } from '../dialects/contract.ts'
import type { CaptureMode, CaptureQuestion } from './capture-mode.ts'

const selectionOf = (q: CaptureQuestion): Selection => ({
  window: null,
  withNullPosition: true,
  absent: q.wish.full || q.replaces ? null : 'key',
  unmatched: [],
  again: q.again,
  gained: [],
})

export const backfill: CaptureMode<BackfillOptions, { readonly rows: bigint }> = {
  kind: 'backfill',
  position: () => null,

  async ask(q) {
    if (q.wish.period)
      throw new AppError('TM1019', '--after and --up-to need a capture with a position, and this flow is a backfill')
    return q.source.tally(q.relation, selectionOf(q), 0n, q.targetExists)
  },

  decide(q, { rows }) {
    // an empty source may have to empty the target, or to be refused that
    if (rows === 0n && !(q.replaces && q.targetExists))
      return {
        kind: 'nothing',
        reason: q.replaces ? 'the source has no rows' : 'every row of the source is in the target',
        window: null,
        waiting: null,
        notes: [],
      }
    return {
      kind: 'take',
      goal: q.replaces ? 'replace' : q.wish.full ? 'full' : 'backfill',
      window: null,
      selection: selectionOf(q),
      watermark: null,
      look: null,
      rows,
      waiting: null,
      notes: [],
    }
  },
}
