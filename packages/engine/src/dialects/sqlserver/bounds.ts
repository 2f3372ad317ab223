/** From what a moment saw to the window that is safe: exact, and without asking anybody. */
import type { Bounds, BoundsRequest } from '../bounds.ts'
import { lookOf, lookText, type NumberLook } from './look.ts'
import { type Seen, seenOf } from './moment.ts'
import { MILLISECOND, nanosecondsOf } from './nanoseconds.ts'
import { exactNumbers } from './narrowing.ts'
import { positionTerms } from './position-terms.ts'
import { rowVersionText } from './row-version.ts'
import { findType } from './type-text.ts'

export function timeBounds({ position, moment, buffer, watermark }: BoundsRequest): Bounds {
  const seen = seenOf(moment)
  if (seen.clock === null) {
    const ceiling = { at: null, heldBy: seen.without ?? 'of a clock that is not known' }
    return {
      after: null,
      upTo: null,
      decidedBy: 'ceiling',
      heldBack: true,
      clockBelowWatermark: false,
      ceiling,
      look: null,
    }
  }
  const terms = positionTerms(position)
  const back = buffer * MILLISECOND
  const clock = nanosecondsOf(seen.clock)
  const young = clock - back
  const oldest = seen.oldest === null ? null : nanosecondsOf(seen.oldest.since)
  const byCeiling = oldest !== null && oldest < young
  const upTo = terms.below(terms.leastFrom(byCeiling ? oldest : young))
  const mark = watermark === null ? null : terms.parse(watermark)
  const overlapped = mark === null ? null : terms.below(mark - back)
  return {
    // what lies before the type's first value lies before every row
    after: buffer === 0n ? watermark : overlapped === null ? null : terms.format(overlapped),
    upTo: upTo === null ? null : terms.format(upTo),
    decidedBy: byCeiling ? 'ceiling' : buffer > 0n ? 'buffer' : 'clock',
    heldBack: mark !== null && (upTo === null || upTo <= mark),
    clockBelowWatermark: mark !== null && terms.readingAt(clock) < mark,
    look: null,
  }
}

/** When the youngest of the rows that wait is old enough, as the column shows it. */
export function waitingUntil(position: BoundsRequest['position'], youngest: string, buffer: bigint): string {
  const terms = positionTerms(position)
  const passed = terms.lastInstantOf(terms.passed(terms.parse(youngest)))
  return terms.formatFine(terms.readingAt(passed + buffer * MILLISECOND))
}

/** The greatest number of an earlier look is safe once all that was open then has ended. */
function settledNumber(seen: Seen, before: NumberLook): NumberLook {
  if (seen.number?.settled === true) return { safe: seen.number.value, pending: null }
  const ended = (at: string): boolean => seen.oldest === null || nanosecondsOf(at) < nanosecondsOf(seen.oldest.since)
  const { pending } = before
  // one that still waits is kept, whatever came since: else it would never be the oldest
  if (pending !== null && !ended(pending.at)) return before
  const now = seen.number === null ? null : { value: seen.number.value, at: seen.number.at }
  return { safe: pending?.value ?? before.safe, pending: now }
}

/** No value of the type is less; null: it is none of numbers. */
function leastOf(type: string): bigint | null {
  const known = findType(type)
  return known === null ? null : (exactNumbers(known)?.min ?? null)
}

export function numberBounds({ position, moment, buffer, watermark, earlierLook }: BoundsRequest): Bounds {
  const seen = seenOf(moment)
  const number = settledNumber(seen, lookOf(earlierLook))
  const mark = watermark === null ? null : BigInt(watermark)
  const safe = number.safe === null ? null : BigInt(number.safe)
  const greatest = seen.number === null ? null : BigInt(seen.number.value)
  const overlapped = mark === null ? null : mark - buffer
  const least = leastOf(position.type)
  // no number above the watermark, but rows that came late may lie inside the overlap
  const nothing = safe === null || (mark !== null && (buffer === 0n ? safe <= mark : safe < mark))
  return {
    after: overlapped === null || (least !== null && overlapped < least) ? null : String(overlapped),
    upTo: number.safe,
    decidedBy: 'look',
    heldBack: nothing,
    clockBelowWatermark: false,
    ceiling: greatest === null || (mark !== null && greatest <= mark) ? null : moment.ceiling,
    look: lookText(number),
  }
}

/** Needs neither buffer nor look. */
export function rowVersionBounds({ moment, watermark }: BoundsRequest): Bounds {
  const { rowVersion } = seenOf(moment)
  const upTo = rowVersion === null ? null : BigInt(rowVersion)
  return {
    after: watermark === null ? null : rowVersionText(BigInt(watermark)),
    upTo: rowVersion,
    decidedBy: 'rowversion',
    heldBack: upTo === null || (watermark !== null && upTo <= BigInt(watermark)),
    clockBelowWatermark: false,
    look: null,
  }
}
