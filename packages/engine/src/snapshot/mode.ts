/** Capture `snapshot`: the source as it is, compared with what it was. What it decides is pure; its keeper is loaded when a run needs it. */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { CaptureMode, CaptureQuestion } from '../capture/capture-mode.ts'
import type { Selection } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import { newShortId } from '../runtime/new-id.ts'
import type { Archives } from './archive-entry.ts'
import type { Extraction } from './extract.ts'
import type { HotPlace } from './hot-side.ts'

interface SnapshotFacts {
  /** of the snapshot that would be taken */
  readonly id: string
  readonly rows: bigint
}

/** Archives outlive what knows of them, so that no clash would be found: as many that there is none. */
const ID_LENGTH = 8

const selectionOf = (q: CaptureQuestion): Selection => ({
  window: null,
  withNullPosition: true,
  absent: null,
  unmatched: [],
  again: q.again,
  gained: [],
})

/** `engine`: the version that makes the fingerprints. */
export const snapshotMode = (
  place: HotPlace,
  engine: () => string | Promise<string>,
  archives: Archives,
): CaptureMode<SnapshotOptions, SnapshotFacts> => ({
  kind: 'snapshot',
  position: () => null,

  async ask(q) {
    if (q.wish.period)
      throw new AppError('TM1019', '--after and --up-to need a capture with a position, and this flow takes snapshots')
    if (q.wish.buffer !== null)
      throw new AppError('TM1019', '--buffer needs a capture with a position, and this flow takes snapshots')
    // a secret or a variable that is missing is said before anything is written; whether it is up is another thing
    if (q.options.archive !== null) await (await archives.open(q.options.archive.connection))[Symbol.asyncDispose]()
    const { rows } = await q.source.tally(q.relation, selectionOf(q), 0n, q.targetExists)
    return { id: `s-${newShortId(ID_LENGTH)}`, rows }
  },

  decide(q, { id, rows }) {
    const extraction: Extraction = { snapshot: id, previous: q.wish.full ? null : q.watermark }
    return {
      kind: 'take',
      goal: extraction.previous === null ? 'full' : 'snapshot',
      window: null,
      selection: selectionOf(q),
      extraction,
      watermark: { position: id },
      look: null,
      rows,
      waiting: null,
      notes: [
        extraction.previous === null
          ? 'there is no snapshot to compare with: every row counts as new'
          : `compared with snapshot ${extraction.previous}: what differs is delivered, all rows are read`,
      ],
    }
  },

  keeper: {
    extract: async (run, bench) => (await import('./extract.ts')).extract(place, run, bench, await engine(), archives),
    look: async (plan, bench) => (await import('./look.ts')).look(place, plan, bench, await engine()),
    explain: async (plan, bench) => (await import('./explain.ts')).explain(place, plan, bench, await engine()),
    prepared: async (run, bench, fence) => (await import('./hot-target.ts')).prepared(place, run, bench, fence),
    settled: async (run, bench, fence) => (await import('./settled.ts')).settled(place, run, archives, bench, fence),
  },
})
