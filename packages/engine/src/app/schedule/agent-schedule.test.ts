import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AgentSchedule, agentSchedules } from './agent-schedule.ts'
import { CronError, parseCron } from './cron.ts'

const schedules = (cron: string): readonly AgentSchedule[] | string => {
  const { schedules: found, why } = agentSchedules(parseCron(cron))
  return found ?? why
}

const DAILY = { freq_type: 4, freq_interval: 1, freq_relative_interval: 0, freq_recurrence_factor: 0 }
const at = (time: number) => ({
  freq_subday_type: 1,
  freq_subday_interval: 0,
  active_start_time: time,
  active_end_time: 235_959,
})

describe('cron texts as schedules of SQL Agent', () => {
  test.each<readonly [string, readonly Partial<AgentSchedule>[]]>([
    ['0 2 * * SUN', [{ freq_type: 8, freq_interval: 1, freq_recurrence_factor: 1, ...at(20_000) }]],
    ['30 6 * * 1-5', [{ freq_type: 8, freq_interval: 62, ...at(63_000) }]],
    ['15 45 23 * * 7', [{ freq_type: 8, freq_interval: 1, ...at(234_515) }]],
    ['0 0 * * *', [{ ...DAILY, ...at(0) }]],
    ['*/15 * * * *', [{ ...DAILY, freq_subday_type: 4, freq_subday_interval: 15, active_start_time: 0 }]],
    [
      '5/10 9-17 * * *',
      [{ freq_subday_type: 4, freq_subday_interval: 10, active_start_time: 90_500, active_end_time: 175_959 }],
    ],
    [
      '0 9-17 * * *',
      [{ freq_subday_type: 8, freq_subday_interval: 1, active_start_time: 90_000, active_end_time: 175_959 }],
    ],
    [
      '30 */6 * * *',
      [{ freq_subday_type: 8, freq_subday_interval: 6, active_start_time: 3000, active_end_time: 185_959 }],
    ],
    [
      '0 1,5,23 * * *',
      [
        { ...DAILY, ...at(10_000) },
        { ...DAILY, ...at(50_000) },
        { ...DAILY, ...at(230_000) },
      ],
    ],
    [
      '0 4 1,15 * *',
      [
        { freq_type: 16, freq_interval: 1, ...at(40_000) },
        { freq_type: 16, freq_interval: 15 },
      ],
    ],
    ['0 4 L * *', [{ freq_type: 32, freq_interval: 8, freq_relative_interval: 16, freq_recurrence_factor: 1 }]],
    ['0 4 * * MON#1', [{ freq_type: 32, freq_interval: 2, freq_relative_interval: 1 }]],
    ['0 4 * * fri#L', [{ freq_type: 32, freq_interval: 6, freq_relative_interval: 16 }]],
    ['0 4 * * 3#4', [{ freq_type: 32, freq_interval: 4, freq_relative_interval: 8 }]],
    // either of them, as cron has it
    [
      '0 4 13 * FRI',
      [
        { freq_type: 16, freq_interval: 13 },
        { freq_type: 8, freq_interval: 32 },
      ],
    ],
  ])('%s', (cron, wanted) => {
    expect(schedules(cron)).toMatchObject(wanted)
    expect(schedules(cron)).toHaveLength(wanted.length)
  })

  test.each([
    ['0 2 * JAN,JUL *', 'SQL Agent cannot leave months out'],
    ['*/10 * * * * *', 'more than once a minute'],
    ['0 2 31 * *', 'not every month has a day 31'],
    ['0 2 */2 * *', 'not every month has a day 29'],
    ['0 2 * * MON#5', 'first to the fourth weekday'],
    ['1,2,4,8,16,32 1,2,4,8,16 * * *', 'more than 24'],
  ])('what SQL Agent has no words for is said: %s', (cron, why) => {
    expect(schedules(cron)).toContain(why)
  })

  test.each([
    '0 2 * *',
    '61 2 * * *',
    '0 24 * * *',
    '0 2 * * FUNDAY',
    '0 5-2 * * *',
    '*/0 * * * *',
    '1/2/3 * * * *',
    '0 2 * * MON#0',
    '0 1-2-3 * * *',
  ])('a text that is no cron is refused: %s', (cron) => {
    expect(() => parseCron(cron)).toThrow(CronError)
  })
})

/** Minutes of a day at which SQL Agent runs by a schedule of that day. */
function minutesOf({
  freq_subday_type: type,
  freq_subday_interval: every,
  active_start_time: from,
  active_end_time: to,
}: AgentSchedule) {
  const minute = (time: number): number => Math.floor(time / 10_000) * 60 + (Math.floor(time / 100) % 100)
  if (type === 1) return [minute(from)]
  const step = type === 4 ? every : every * 60
  const found: number[] = []
  for (let at = minute(from); at <= minute(to); at += step) found.push(at)
  return found
}

const field = (most: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 0, max: most }).map(String),
    fc.integer({ min: 1, max: most }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min: 0, max: most }), { minLength: 1, maxLength: 4 }).map((values) => values.join(',')),
  )

test('whatever minutes and hours a cron text has, SQL Agent runs at those and no others, or it is refused', () => {
  fc.assert(
    fc.property(field(59), field(23), (minutes, hours) => {
      const cron = parseCron(`${minutes} ${hours} * * *`)
      const { schedules: found, why } = agentSchedules(cron)
      if (found === null) {
        expect(why).toContain('schedules, more than')
        return
      }
      const wanted = cron.hours.flatMap((h) => cron.minutes.map((m) => h * 60 + m))
      expect(found.flatMap(minutesOf).toSorted((a, b) => a - b)).toEqual(wanted)
    }),
    { numRuns: 2000 },
  )
})
