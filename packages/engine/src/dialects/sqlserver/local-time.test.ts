import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastInstantOf, leastReadingFrom, readingAt } from './local-time.ts'
import { HOUR, nanosecondsOf, textOfNanoseconds } from './nanoseconds.ts'

const at = nanosecondsOf
const told = (ns: bigint): string => textOfNanoseconds(ns, 0)

// London: forward at 2026-03-29 01:00 UTC, back at 2026-10-25 01:00 UTC; Lord Howe Island: half an hour each
test.each([
  ['Europe/London', '2026-03-29 00:59:59', '2026-03-29 00:59:59'],
  ['Europe/London', '2026-03-29 01:00:00', '2026-03-29 02:00:00'],
  ['Europe/London', '2026-10-25 00:59:59', '2026-10-25 01:59:59'],
  ['Europe/London', '2026-10-25 01:00:00', '2026-10-25 01:00:00'],
  ['Australia/Lord_Howe', '2026-04-04 14:59:59', '2026-04-05 01:59:59'],
  ['Australia/Lord_Howe', '2026-04-04 15:00:00', '2026-04-05 01:30:00'],
  ['Asia/Kolkata', '2026-06-01 00:00:00', '2026-06-01 05:30:00'],
])('clocks of %s show at %s UTC: %s', (zone, utc, shown) => {
  expect(told(readingAt(zone, at(utc)))).toBe(shown)
})

test.each([
  // more than an hour before the change: what is shown
  ['Europe/London', '2026-10-24 23:59:00', '2026-10-25 00:59:00'],
  // less: what the clocks are set back to
  ['Europe/London', '2026-10-25 00:00:00', '2026-10-25 01:00:00'],
  ['Europe/London', '2026-10-25 00:59:59', '2026-10-25 01:00:00'],
  ['Europe/London', '2026-10-25 01:00:00', '2026-10-25 01:00:00'],
  ['Europe/London', '2026-10-25 01:00:01', '2026-10-25 01:00:01'],
  ['Australia/Lord_Howe', '2026-04-04 14:40:00', '2026-04-05 01:30:00'],
  // set forward, nothing is shown again
  ['Europe/London', '2026-03-29 00:30:00', '2026-03-29 00:30:00'],
  ['UTC', '2026-10-25 00:30:00', '2026-10-25 00:30:00'],
])('the least that clocks of %s show from %s UTC on is %s', (zone, utc, least) => {
  expect(told(leastReadingFrom(zone, at(utc)))).toBe(least)
})

const ZONES = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Tehran', 'UTC']
const instants = fc.bigInt({ min: at('2000-01-01'), max: at('2035-01-01') })

test('nothing that is shown later lies below the least reading, which never goes back', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), instants, fc.bigInt({ min: 0n, max: 30n * HOUR }), (zone, now, later) => {
      const least = leastReadingFrom(zone, now)
      expect(readingAt(zone, now + later)).toBeGreaterThanOrEqual(least)
      expect(leastReadingFrom(zone, now + later)).toBeGreaterThanOrEqual(least)
    }),
    { numRuns: 2000 },
  )
})

test('around each change of the clocks, to the minute', () => {
  for (const zone of ZONES)
    for (let change = zoneChange(zone, '2019-01-01'); change !== null && change < at('2028-01-01'); ) {
      for (let minute = -130n; minute <= 130n; minute += 10n) {
        const now = change + minute * 60_000_000_000n
        const least = leastReadingFrom(zone, now)
        for (let later = now; later <= change + 3n * HOUR; later += HOUR / 6n)
          expect(readingAt(zone, later)).toBeGreaterThanOrEqual(least)
      }
      change = zoneChange(zone, told(change))
    }
})

function zoneChange(zone: string, after: string): bigint | null {
  const from = Temporal.Instant.from(`${after.replace(' ', 'T')}${after.includes(':') ? '' : 'T00:00'}Z`)
  return from.toZonedDateTimeISO(zone).getTimeZoneTransition('next')?.epochNanoseconds ?? null
}

test('the last instant at which the clocks show a time', () => {
  expect(told(lastInstantOf('Europe/London', at('2026-10-25 01:30:00')))).toBe('2026-10-25 01:30:00')
  expect(told(lastInstantOf('Europe/London', at('2026-10-25 00:30:00')))).toBe('2026-10-24 23:30:00')
  expect(told(lastInstantOf('Europe/London', at('2026-03-29 01:30:00')))).toBe('2026-03-29 01:30:00')
})
