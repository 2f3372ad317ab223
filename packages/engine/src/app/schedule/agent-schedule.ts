/** A cron text as schedules of SQL Server Agent, which has other words for some of it, and none for the rest. Pure. */
import type { Cron, Weekday } from './cron.ts'

/** Parameters of `sp_add_schedule`; times are HHMMSS as a number. */
export interface AgentSchedule {
  readonly freq_type: number
  readonly freq_interval: number
  readonly freq_subday_type: number
  readonly freq_subday_interval: number
  readonly freq_relative_interval: number
  readonly freq_recurrence_factor: number
  readonly active_start_time: number
  readonly active_end_time: number
}

export type AgentSchedules =
  | { readonly schedules: readonly AgentSchedule[]; readonly why: null }
  | { readonly schedules: null; readonly why: string }

type Days = Pick<AgentSchedule, 'freq_type' | 'freq_interval' | 'freq_relative_interval' | 'freq_recurrence_factor'>
type Times = Pick<AgentSchedule, 'freq_subday_type' | 'freq_subday_interval' | 'active_start_time' | 'active_end_time'>

const DAILY = 4
const WEEKLY = 8
const MONTHLY = 16
const MONTHLY_RELATIVE = 32
const AT_A_TIME = 1
const EVERY_MINUTES = 4
const EVERY_HOURS = 8
/** of a relative month */
const ANY_DAY = 8
const LAST = 16
const END_OF_DAY = 235_959

/** one job with more schedules than this is for nobody to look after */
const MOST = 24
/** months without it are passed over by cron, and by SQL Agent in its own way */
const EVERY_MONTH_HAS = 28

export function agentSchedules(cron: Cron): AgentSchedules {
  const why = unspeakable(cron)
  if (why !== null) return { schedules: null, why }
  const days = daysOf(cron)
  const times = timesOf(cron)
  if (days.length * times.length > MOST)
    return { schedules: null, why: `it would take ${days.length * times.length} schedules, more than ${MOST}` }
  return { schedules: days.flatMap((day) => times.map((time) => ({ ...day, ...time }))), why: null }
}

function unspeakable({ months, seconds, days, nthWeekdays }: Cron): string | null {
  if (months !== null) return 'SQL Agent cannot leave months out'
  if (seconds.length > 1) return 'it is due more than once a minute, and a run takes longer'
  const late = days?.find((day) => day > EVERY_MONTH_HAS)
  if (late !== undefined) return `not every month has a day ${late}; L is the last day of each`
  if (nthWeekdays.some(({ nth }) => nth === 5)) return 'SQL Agent knows the first to the fourth weekday and the last'
  return null
}

/** A day of the month and a day of the week together mean either of them, as cron has it. */
function daysOf({ days, lastDay, weekdays, nthWeekdays }: Cron): readonly Days[] {
  const plain = { freq_relative_interval: 0, freq_recurrence_factor: 1 }
  const found: Days[] = [
    ...(days ?? []).map((day) => ({ ...plain, freq_type: MONTHLY, freq_interval: day })),
    ...(lastDay
      ? [{ ...plain, freq_type: MONTHLY_RELATIVE, freq_interval: ANY_DAY, freq_relative_interval: LAST }]
      : []),
    ...(weekdays === null || weekdays.length === 0
      ? []
      : [{ ...plain, freq_type: WEEKLY, freq_interval: weekdays.reduce<number>((bits, day) => bits | (1 << day), 0) }]),
    ...nthWeekdays.map(({ day, nth }) => ({
      ...plain,
      freq_type: MONTHLY_RELATIVE,
      freq_interval: relativeDay(day),
      freq_relative_interval: nth === 'last' ? LAST : 2 ** (Number(nth) - 1),
    })),
  ]
  return found.length > 0 ? found : [{ ...plain, freq_type: DAILY, freq_interval: 1, freq_recurrence_factor: 0 }]
}

/** Sunday is 1. */
const relativeDay = (day: Weekday): number => day + 1

const clock = (hour: number, minute: number, second: number): number => hour * 10_000 + minute * 100 + second

function timesOf({ hours, minutes, seconds }: Cron): readonly Times[] {
  const [second = 0] = seconds
  const [firstHour = 0, lastHour = firstHour] = [hours[0], hours.at(-1)]
  const minuteStep = stepOf(minutes)
  // every quarter of these hours, whatever hour it is
  const roundTheClock = minutes.length > 1 && minuteStep !== null && minuteStep * minutes.length === 60
  if (roundTheClock && (hours.length === 1 || stepOf(hours) === 1)) {
    return [
      {
        freq_subday_type: EVERY_MINUTES,
        freq_subday_interval: minuteStep,
        active_start_time: clock(firstHour, minutes[0] ?? 0, second),
        active_end_time: lastHour === 23 ? END_OF_DAY : clock(lastHour, 59, 59),
      },
    ]
  }
  const hourStep = stepOf(hours)
  if (hours.length > 1 && hourStep !== null) {
    return minutes.map((minute) => ({
      freq_subday_type: EVERY_HOURS,
      freq_subday_interval: hourStep,
      active_start_time: clock(firstHour, minute, second),
      active_end_time: lastHour === 23 ? END_OF_DAY : clock(lastHour, 59, 59),
    }))
  }
  return hours.flatMap((hour) =>
    minutes.map((minute) => ({
      freq_subday_type: AT_A_TIME,
      freq_subday_interval: 0,
      active_start_time: clock(hour, minute, second),
      active_end_time: END_OF_DAY,
    })),
  )
}

/** The one distance between neighbours; null: there is none. */
function stepOf(values: readonly number[]): number | null {
  const [first, second] = values
  if (first === undefined || second === undefined) return null
  const step = second - first
  return values.every((value, i) => value === first + i * step) ? step : null
}
