/**
 * Rows leaving their database for one that cannot see it: the source's half of the lanes `relay` and `spool`. The half
 * that takes them in is a bench opened by the target's dialect.
 */
import type { Writable } from 'node:stream'
import type { SplitRange } from './split-range.ts'
import type { CapturedBatch, FlowRelation, RangesAlone, Selection, SourcePort } from './contract.ts'

/**
 * How rows are written on their way. `pgcopy`: PostgreSQL's binary COPY, which only a target of the same types can take.
 * `csv`: RFC 4180 without a header, in UTF-8; a value as PostgreSQL writes it in text (dates ISO, instants in UTC,
 * bytes as `\\x` and hexadecimal digits), NULL as nothing, an empty text as `""`.
 */
export type Wire = 'pgcopy' | 'csv'

/** The rows of a batch, about to leave. */
export interface Leaving {
  /**
   * Into a stream, which has to be done with bytes when it calls back, and is ended; how many rows there were, null:
   * nobody counted them. Throws LeavingFailed, or what the stream failed with.
   */
  sendTo(into: Writable): Promise<bigint | null>
}

/** The side that rows leave from failed; the cause is in its own words. */
export class LeavingFailed extends Error {
  constructor(cause: unknown) {
    super('no more rows come', { cause })
  }
}

export interface Departure extends AsyncDisposable {
  readonly kind: string
  readonly source: SourcePort
  readonly work: RangesAlone
  readonly wires: readonly Wire[]
  /** How rows are read, where that is not as of one moment; null: there is nothing to say of it. */
  readonly reads: string | null
  /** A range by which one statement reads all rows, as of one moment; absent: there is none. */
  readonly whole?: SplitRange
  /** Why these rows cannot leave; null: they can. */
  refusal(relation: FlowRelation): string | null
  /**
   * The rows of a batch: the flow's columns in their order, then `carriedPosition`. Masks are applied; casts with the wire
   * `pgcopy` alone, whose types are the target's. TM5006 where the batch's range means something else by now.
   */
  read(relation: FlowRelation, selection: Selection, split: CapturedBatch, wire: Wire): Promise<Leaving>
  /** What LeavingFailed was caused by, in our words. */
  translate(error: unknown): Error
  /** The statement that `read` would send for a batch, for people. `range`: of that one; absent: of any. */
  explain(relation: FlowRelation, selection: Selection, wire: Wire, range?: SplitRange): string
}
