/** A cron text taken apart: five fields, or six with the seconds first. Pure. */

export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6

export interface Cron {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** of the month; null: every */
  readonly days: readonly number[] | null
  /** the last day of the month is one of them */
  readonly lastDay: boolean
  /** null: every */
  readonly months: readonly number[] | null
  /** Sunday is 0; null: every */
  readonly weekdays: readonly Weekday[] | null
  /** `FRI#2`, `FRI#L` */
  readonly nthWeekdays: readonly { readonly day: Weekday; readonly nth: 1 | 2 | 3 | 4 | 5 | 'last' }[]
}

/** Says what is wrong with the text. */
export class CronError extends Error {
  override readonly name = 'CronError'
}

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  /** from `from` on */
  readonly words: readonly string[]
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const SECOND: Field = { name: 'second', from: 0, to: 59, words: [] }
const MINUTE: Field = { name: 'minute', from: 0, to: 59, words: [] }
const HOUR: Field = { name: 'hour', from: 0, to: 23, words: [] }
const DAY: Field = { name: 'day of the month', from: 1, to: 31, words: [] }
const MONTH: Field = { name: 'month', from: 1, to: 12, words: MONTHS }
/** 7 is Sunday too */
const WEEKDAY: Field = { name: 'day of the week', from: 0, to: 7, words: WEEKDAYS }

/** Throws a CronError. */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/ +/)
  const [seconds = '0', minutes = '', hours = '', days = '', months = '', weekdays = ''] =
    fields.length === 5 ? ['0', ...fields] : fields
  if (fields.length !== 5 && fields.length !== 6) throw new CronError(`"${text}" has ${fields.length} fields`)
  const daysOf = days.split(',')
  const weekdaysOf = weekdays.split(',')
  const plainDays = daysOf.filter((d) => !isLast(d))
  const plainWeekdays = weekdaysOf.filter((d) => !d.includes('#'))
  const nthWeekdays = weekdaysOf.filter((d) => d.includes('#')).map(nthOf)
  return {
    seconds: valuesOf(seconds.split(','), SECOND),
    minutes: valuesOf(minutes.split(','), MINUTE),
    hours: valuesOf(hours.split(','), HOUR),
    lastDay: daysOf.some(isLast),
    days: isAll(days) ? null : valuesOf(plainDays, DAY),
    months: isAll(months) ? null : valuesOf(months.split(','), MONTH),
    weekdays: isAll(weekdays) ? null : weekdaysIn(plainWeekdays),
    nthWeekdays,
  }
}

const isLast = (text: string): boolean => text.toUpperCase() === 'L'
const isAll = (text: string): boolean => text === '*' || text === '?'

const weekdaysIn = (parts: readonly string[]): readonly Weekday[] =>
  sorted(valuesOf(parts, WEEKDAY).map((v) => v % 7)) as readonly Weekday[]

function nthOf(text: string): Cron['nthWeekdays'][number] {
  const [day = '', nth = ''] = text.split('#')
  const weekday = (numberOf(day, WEEKDAY) % 7) as Weekday
  if (isLast(nth)) return { day: weekday, nth: 'last' }
  if (!/^[1-5]$/.test(nth)) throw new CronError(`"${text}" is no weekday of a month`)
  return { day: weekday, nth: Number(nth) as 1 | 2 | 3 | 4 | 5 }
}

const valuesOf = (parts: readonly string[], field: Field): readonly number[] =>
  sorted(parts.flatMap((part) => rangeOf(part, field)))

const sorted = (values: readonly number[]): readonly number[] => [...new Set(values)].toSorted((a, b) => a - b)

function rangeOf(part: string, field: Field): readonly number[] {
  const [range = '', step, ...more] = part.split('/')
  if (more.length > 0) throw new CronError(`"${part}" is no ${field.name}`)
  const by = step === undefined ? 1 : Number(step)
  if (!Number.isInteger(by) || by < 1) throw new CronError(`"${part}": a step is a number of 1 or more`)
  const [first, last] = endsOf(range, step !== undefined, field)
  if (last < first) throw new CronError(`"${part}" ends before it begins`)
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, i) => first + i * by)
}

function endsOf(range: string, stepped: boolean, field: Field): readonly [number, number] {
  // of the days of a week the seventh is the first again
  const last = field === WEEKDAY ? 6 : field.to
  if (isAll(range)) return [field.from, last]
  const [from = '', to, ...more] = range.split('-')
  if (more.length > 0) throw new CronError(`"${range}" is no ${field.name}`)
  const first = numberOf(from, field)
  if (to !== undefined) return [first, numberOf(to, field)]
  return [first, stepped ? last : first]
}

function numberOf(text: string, field: Field): number {
  const word = field.words.indexOf(text.toUpperCase())
  const value = word === -1 ? (/^\d{1,2}$/.test(text) ? Number(text) : Number.NaN) : field.from + word
  if (!(value >= field.from && value <= field.to)) throw new CronError(`"${text}" is no ${field.name}`)
  return value
}
