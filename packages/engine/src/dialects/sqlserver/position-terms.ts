/** The times of a position: in UTC, as the clocks of a zone show them, or instants. */
import type { PlannedPosition } from '../contract.ts'
import { lastInstantOf, leastReadingFrom, readingAt } from './local-time.ts'
import { timeTerms, type TimeTerms } from './time-terms.ts'
import { isInstant } from './types.ts'

export interface PositionTerms extends TimeTerms {
  /** what a stamp taken at that instant shows */
  readingAt(instant: bigint): bigint
  /** The least that a stamp taken at that instant or later can show: clocks may be set back. */
  leastFrom(instant: bigint): bigint
  /** The last instant at which a stamp can show that. */
  lastInstantOf(reading: bigint): bigint
}

const itself = (at: bigint): bigint => at

export function positionTerms({ type, clock, zone }: PlannedPosition): PositionTerms {
  const terms = timeTerms(type)
  if (clock !== 'local' || zone === null || isInstant(type))
    return { ...terms, readingAt: itself, leastFrom: itself, lastInstantOf: itself }
  return {
    ...terms,
    readingAt: (instant) => readingAt(zone, instant),
    leastFrom: (instant) => leastReadingFrom(zone, instant),
    lastInstantOf: (reading) => lastInstantOf(zone, reading),
  }
}
