/** What a run's capture fixed, as stored with the run: enough to resume and to settle. */
import type { Extracted } from '../capture/capture-mode.ts'
import type { CaptureReport } from '../capture/capture-rows.ts'
import type { CapturedBatch } from '../dialects/contract.ts'
import type { SplitRange } from '../dialects/split-range.ts'

export interface Captured {
  /** grows with each capture of the run; batches name the one they belong to */
  readonly epoch: number
  /** of the source, when it was captured */
  readonly fingerprint: string
  /** as ranges of row numbers: good only at this fingerprint */
  readonly byRows: boolean
  readonly rows: string
  readonly unmatched: readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]
  readonly found: readonly string[]
  /** orphans that later runs look at again, as JSON keys */
  readonly orphans: readonly { readonly key: string; readonly locator: string; readonly reason: string }[]
  /** left out below an excluded key: only a change of the exclusion brings them */
  readonly belowExcluded: number
  readonly quarantined: readonly { readonly key: string; readonly locator: string; readonly reason: string }[]
  readonly deliveredAgain: readonly string[]
  /** what the keeper of the capture found; absent: it has none */
  readonly extracted?: Extracted
}

export function capturedOf(
  report: CaptureReport,
  epoch: number,
  fingerprint: string,
  extracted: Extracted | null = null,
): Captured {
  return {
    epoch,
    fingerprint,
    byRows: report.batches.some((b) => b.readAt !== null),
    rows: String(report.rows),
    unmatched: report.unmatched,
    found: report.found,
    orphans: report.skipped.filter((o) => o.reason !== 'excluded'),
    belowExcluded: report.skipped.filter((o) => o.reason === 'excluded').length,
    quarantined: report.quarantined,
    deliveredAgain: report.deliveredAgain,
    ...(extracted === null ? {} : { extracted }),
  }
}

/** A batch's split, as the ledger holds it. */
export interface StoredSplit {
  readonly epoch: number
  readonly read_at: string | null
  readonly range?: SplitRange
  readonly deletes?: true
  readonly first: string
  readonly last: string
  readonly rows: string
  readonly bytes: string
}

export const splitJson = (b: CapturedBatch, epoch: number): string =>
  JSON.stringify({
    epoch,
    read_at: b.readAt,
    ...(b.range === null ? {} : { range: b.range }),
    ...(b.deletes === undefined ? {} : { deletes: b.deletes }),
    first: String(b.first),
    last: String(b.last),
    rows: String(b.rows),
    bytes: String(b.bytes),
  } satisfies StoredSplit)

export const parseSplit = (json: string): StoredSplit => JSON.parse(json) as StoredSplit

export const splitOf = (json: string, step: number, wave: number): CapturedBatch => {
  const s = parseSplit(json)
  return {
    step,
    wave,
    readAt: s.read_at,
    range: s.range ?? null,
    ...(s.deletes === undefined ? {} : { deletes: s.deletes }),
    first: BigInt(s.first),
    last: BigInt(s.last),
    rows: BigInt(s.rows),
    bytes: BigInt(s.bytes),
  }
}
