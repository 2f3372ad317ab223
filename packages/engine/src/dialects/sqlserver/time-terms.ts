/** A time in the terms of the column that holds it: how fine its type is, where it begins, and how it is written. */
import { DAY, floorTo, MINUTE, nanosecondsOf, textOfNanoseconds } from './nanoseconds.ts'
import { findType } from './type-text.ts'

/** Times are nanoseconds: of what the column shows; of an instant, where it says its offset. */
export interface TimeTerms {
  /** of a value of the type, as its text */
  parse(text: string): bigint
  /** of a value of the type */
  format(at: bigint): string
  /** of any time, as finely as the server tells them */
  formatFine(at: bigint): string
  /**
   * The greatest value that no stamp taken from then on can have: a tick below the least that a stamp is rounded to.
   * null: the type has none.
   */
  below(at: bigint): bigint | null
  /** The least time from which on `below` gives a value that is not less than this one. */
  passed(value: bigint): bigint
}

const FINEST = 7
/** a datetime is a three-hundredth of a second: 10 000 000 of them are three seconds in nanoseconds */
const DATETIME = { ticks: 3n, nanoseconds: 10_000_000n }

/** Multiples of a step. */
function stepped(
  step: bigint,
  least: string,
  format: (at: bigint) => string,
  fine: TimeTerms['formatFine'],
): TimeTerms {
  const from = nanosecondsOf(least)
  return {
    parse: nanosecondsOf,
    format,
    formatFine: fine,
    below: (at) => within(floorTo(at, step) - step, from),
    passed: (value) => value + step,
  }
}

const within = (at: bigint, from: bigint): bigint | null => (at < from ? null : at)

const formatFine = (at: bigint): string => textOfNanoseconds(at, FINEST)

/** As `valueText` writes an instant: without zeros at the end, and `Z`. */
const formatInstant =
  (digits: number) =>
  (at: bigint): string => {
    const text = textOfNanoseconds(at, digits).replace(' ', 'T')
    return `${digits === 0 ? text : text.replace(/\.?0+$/, '')}Z`
  }

export function timeTerms(type: string): TimeTerms {
  const { name, modifiers } = findType(type) ?? { name: '', modifiers: [] }
  const digits = modifiers[0] ?? FINEST
  const tick = 10n ** BigInt(9 - digits)
  switch (name) {
    case 'date':
      return stepped(DAY, '0001-01-01', (at) => textOfNanoseconds(at, 0).slice(0, 10), formatFine)
    case 'smalldatetime':
      return stepped(MINUTE, '1900-01-01', (at) => textOfNanoseconds(at, 0), formatFine)
    case 'datetime':
      return DATETIME_TERMS
    case 'datetime2':
      return stepped(tick, '0001-01-01', (at) => textOfNanoseconds(at, digits), formatFine)
    case 'datetimeoffset':
      return stepped(tick, '0001-01-01', formatInstant(digits), formatInstant(FINEST))
    default:
      throw new TypeError(`no time type: ${type}`)
  }
}

/** The number of the tick at or before that time. */
const tickOf = (at: bigint): bigint => floorTo(at * DATETIME.ticks, DATETIME.nanoseconds) / DATETIME.nanoseconds
/** A third of a nanosecond is rounded up, so that `tickOf` finds the tick again. */
const timeOf = (tick: bigint): bigint => -floorTo(-tick * DATETIME.nanoseconds, DATETIME.ticks) / DATETIME.ticks

/** Its three digits are those of a tick, rounded. */
const nearest = (at: bigint): bigint => tickOf(at + DATETIME.nanoseconds / (2n * DATETIME.ticks))

const DATETIME_TERMS: TimeTerms = {
  parse: (text) => timeOf(nearest(nanosecondsOf(text))),
  format: (at) => textOfNanoseconds(timeOf(tickOf(at)) + 500_000n, 3),
  formatFine,
  below: (at) => within(timeOf(tickOf(at) - 1n), nanosecondsOf('1753-01-01')),
  passed: (value) => timeOf(tickOf(value) + 1n),
}
