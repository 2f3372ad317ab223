import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Moment } from '../bounds.ts'
import type { PlannedPosition } from '../contract.ts'
import { numberBounds, rowVersionBounds, timeBounds, waitingUntil } from './bounds.ts'
import { readingAt } from './local-time.ts'
import type { Seen } from './moment.ts'
import { DAY, HOUR, MINUTE, nanosecondsOf, textOfNanoseconds } from './nanoseconds.ts'
import { timeTerms } from './time-terms.ts'

const NOTHING: Seen = { clock: null, without: null, oldest: null, number: null, rowVersion: null }

const positionOf = (type: string, over: Partial<PlannedPosition> = {}): PlannedPosition => ({
  ref: { table: null, column: 'at' },
  type,
  clock: 'utc',
  zone: null,
  targetColumn: null,
  ...over,
})

const momentOf = (seen: Partial<Seen>, ceiling: Moment['ceiling'] = null): Moment => ({
  clock: null,
  ceiling,
  look: JSON.stringify({ ...NOTHING, ...seen }),
})

const MINUTES = 60_000n
const HELD = { since: '2026-06-01 11:00:00.0000000', who: 'of session 57' }

function times(
  position: PlannedPosition,
  clock: string,
  over: { oldest?: Seen['oldest']; buffer?: bigint; watermark?: string | null } = {},
) {
  const moment = momentOf({ clock, oldest: over.oldest ?? null })
  return timeBounds({
    position,
    moment,
    buffer: over.buffer ?? 0n,
    watermark: over.watermark ?? null,
    earlierLook: null,
  })
}

test('a window ends strictly below the clock, the buffer and the oldest transaction, whichever is the least', () => {
  const column = positionOf('datetime2(7)')
  const clock = '2026-06-01 12:00:00.0000000'
  expect(times(column, clock)).toMatchObject({ upTo: '2026-06-01 11:59:59.9999999', decidedBy: 'clock', after: null })
  expect(times(column, clock, { buffer: 5n * MINUTES })).toMatchObject({
    upTo: '2026-06-01 11:54:59.9999999',
    decidedBy: 'buffer',
  })
  expect(times(column, clock, { buffer: 5n * MINUTES, oldest: HELD })).toMatchObject({
    upTo: '2026-06-01 10:59:59.9999999',
    decidedBy: 'ceiling',
    heldBack: false,
  })
  expect(times(column, clock, { buffer: 240n * MINUTES, oldest: HELD })).toMatchObject({
    upTo: '2026-06-01 07:59:59.9999999',
    decidedBy: 'buffer',
  })
})

test('the overlap reaches back by the buffer, and a window that would not pass the watermark is held back', () => {
  const column = positionOf('datetime')
  const clock = '2026-06-01 12:00:00.0000000'
  const watermark = '2026-06-01 11:30:00.003'
  expect(times(column, clock, { watermark })).toMatchObject({ after: watermark, heldBack: false })
  expect(times(column, clock, { watermark, buffer: 10n * MINUTES })).toMatchObject({
    after: '2026-06-01 11:20:00.000',
    upTo: '2026-06-01 11:49:59.997',
    heldBack: false,
  })
  expect(times(column, clock, { watermark, oldest: HELD })).toMatchObject({
    heldBack: true,
    upTo: '2026-06-01 10:59:59.997',
    clockBelowWatermark: false,
  })
  expect(times(column, '2026-06-01 11:30:00.0033333', { watermark })).toMatchObject({ clockBelowWatermark: true })
  expect(times(column, clock, { watermark: '1753-01-01 00:00:00.000', buffer: MINUTES }).after).toBeNull()
})

test('a buffer that reaches before the type begins lets nothing through', () => {
  const far = times(positionOf('smalldatetime'), '2026-06-01 12:00:00.0000000', {
    buffer: 200n * 366n * 1440n * MINUTES,
  })
  expect(far).toMatchObject({ upTo: null, decidedBy: 'buffer' })
})

test('an instant is compared as one, whatever the offset of the watermark', () => {
  const column = positionOf('datetimeoffset(7)')
  const bounds = times(column, '2026-06-01 12:00:00.0000000', {
    watermark: '2026-06-01T14:59:00+03:00',
    buffer: MINUTES,
  })
  expect(bounds).toMatchObject({
    after: '2026-06-01T11:57:59.9999999Z',
    upTo: '2026-06-01T11:58:59.9999999Z',
    heldBack: true,
  })
})

test('a copy that does not show up to when it is one lets nothing through, and says why', () => {
  const moment = momentOf({ without: 'of the primary' })
  const request = {
    position: positionOf('datetime'),
    moment,
    buffer: 0n,
    watermark: '2026-01-01 00:00:00.000',
    earlierLook: null,
  }
  expect(timeBounds(request)).toMatchObject({
    upTo: null,
    heldBack: true,
    decidedBy: 'ceiling',
    ceiling: { at: null, heldBy: 'of the primary' },
  })
})

// ── clock: local ──────────────────────────────────────────────────────────────────────────────────────────────

const LONDON = positionOf('datetime2(0)', { clock: 'local', zone: 'Europe/London' })
const upTo = (utc: string, buffer = 0n, oldest: Seen['oldest'] = null, column = LONDON): string | null =>
  times(column, utc, { buffer, oldest }).upTo

test('local time, before and after clocks are set forward: the buffer is as long as it is', () => {
  // forward at 01:00 UTC, from 01:00 to 02:00
  expect(upTo('2026-03-29 00:59:59.5')).toBe('2026-03-29 00:59:58')
  expect(upTo('2026-03-29 01:30:00.0')).toBe('2026-03-29 02:29:59')
  // half an hour ago it was 00:35: less the buffer on the clock's face it would be 01:35, and rows of 00:50 would be lost
  expect(upTo('2026-03-29 01:05:00.0', 30n * MINUTES)).toBe('2026-03-29 00:34:59')
})

test('local time, around the hour that is lived twice: nothing is passed that its second run may stamp again', () => {
  // back at 01:00 UTC, from 02:00 to 01:00
  expect(upTo('2026-10-24 23:59:00.0')).toBe('2026-10-25 00:58:59')
  for (const utc of [
    '2026-10-25 00:00:00.0',
    '2026-10-25 00:30:00.0',
    '2026-10-25 00:59:59.9',
    '2026-10-25 01:00:00.0',
  ])
    expect(upTo(utc), utc).toBe('2026-10-25 00:59:59')
  expect(upTo('2026-10-25 01:30:00.0')).toBe('2026-10-25 01:29:59')
  expect(upTo('2026-10-25 02:00:00.0', 60n * MINUTES)).toBe('2026-10-25 00:59:59')
  expect(upTo('2026-10-25 02:30:00.0', 60n * MINUTES)).toBe('2026-10-25 01:29:59')
})

test('local time: a transaction that began in the first run of the hour may stamp in the second', () => {
  const since = '2026-10-25 00:30:00.0000000' // 01:30 for the first time
  expect(upTo('2026-10-25 05:00:00.0', 0n, { since, who: 'x' })).toBe('2026-10-25 00:59:59')
})

test('local time: steps of half an hour', () => {
  const column = positionOf('datetime2(0)', { clock: 'local', zone: 'Australia/Lord_Howe' })
  // back by half an hour at 15:00 UTC, from 02:00 to 01:30
  expect(upTo('2026-04-04 14:20:00.0', 0n, null, column)).toBe('2026-04-05 01:19:59')
  expect(upTo('2026-04-04 14:40:00.0', 0n, null, column)).toBe('2026-04-05 01:29:59')
  expect(upTo('2026-04-04 15:10:00.0', 0n, null, column)).toBe('2026-04-05 01:39:59')
  // forward by half an hour at 15:30 UTC, from 02:00 to 02:30
  expect(upTo('2026-10-03 15:35:00.0', 0n, null, column)).toBe('2026-10-04 02:34:59')
  expect(upTo('2026-10-03 15:35:00.0', 10n * MINUTES, null, column)).toBe('2026-10-04 01:54:59')
})

test('local time: while the hour is lived twice a window never goes back, and the clock is never below the watermark', () => {
  let watermark: string | null = null
  for (let minute = 0; minute < 300; minute++) {
    const utc = `2026-10-${minute < 60 ? '24 23' : `25 0${Math.floor(minute / 60) - 1}`}:${String(minute % 60).padStart(2, '0')}:30.0`
    const bounds = times(LONDON, utc, { watermark })
    expect(bounds.clockBelowWatermark, utc).toBe(false)
    if (bounds.heldBack) continue
    expect(watermark === null || (bounds.upTo ?? '') > watermark, utc).toBe(true)
    watermark = bounds.upTo
  }
  expect(watermark).toBe('2026-10-25 03:59:29')
})

/** Nanoseconds of what the server makes of a stamp: it rounds to the nearest value of the type, and a date cuts. */
const STAMPS: Readonly<Record<string, (at: bigint) => bigint>> = {
  date: (at) => at - (at % DAY),
  smalldatetime: (at) => nearest(at, MINUTE),
  datetime: (at) => (nearest(at * 3n, 10_000_000n) + 2n) / 3n,
  'datetime2(0)': (at) => nearest(at, 1_000_000_000n),
  'datetime2(3)': (at) => nearest(at, 1_000_000n),
  'datetime2(7)': (at) => nearest(at, 100n),
}
const nearest = (at: bigint, step: bigint): bigint => ((at + step / 2n) / step) * step

test('no stamp that is taken later lies in a window that ended before it, whatever the type and the zone', () => {
  const zones = fc.constantFrom(null, 'Europe/London', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Tokyo')
  // the hours around a change of the clocks of London, and of Lord Howe Island, and any
  const around = (utc: string) => fc.bigInt({ min: -4n * HOUR, max: 4n * HOUR }).map((n) => nanosecondsOf(utc) + n)
  const instants = fc.oneof(
    around('2026-03-29 01:00'),
    around('2026-10-25 01:00'),
    around('2026-04-04 15:00'),
    fc.bigInt({ min: nanosecondsOf('1971-01-01'), max: nanosecondsOf('2035-01-01') }),
  )
  const buffers = fc.constantFrom(0n, 1n, 30n * MINUTES, 60n * MINUTES, 240n * MINUTES)
  const later = fc.oneof(fc.bigInt({ min: 0n, max: 10_000_000n }), fc.bigInt({ min: 0n, max: 3n * HOUR }))
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(STAMPS)),
      zones,
      instants,
      buffers,
      later,
      (type, zone, at, buffer, after) => {
        const clock = at - (at % 100n)
        const position = positionOf(type, zone === null ? {} : { clock: 'local', zone })
        const { upTo: end } = times(position, textOfNanoseconds(clock, 7), { buffer })
        const stamped = clock - buffer * 1_000_000n + after
        const shown = zone === null ? stamped : readingAt(zone, stamped)
        expect(STAMPS[type]?.(shown) ?? 0n).toBeGreaterThan(timeTerms(type).parse(end ?? ''))
      },
    ),
    { numRuns: 5000 },
  )
})

test('rows that wait are due when a window passes them, which a coarse type does later', () => {
  expect(waitingUntil(positionOf('datetime2(7)'), '2026-06-01 12:00:00.0000000', 5n * MINUTES)).toBe(
    '2026-06-01 12:05:00.0000001',
  )
  expect(waitingUntil(positionOf('date'), '2026-06-01', 60n * MINUTES)).toBe('2026-06-02 01:00:00.0000000')
  expect(waitingUntil(positionOf('datetimeoffset(0)'), '2026-06-01T12:00:00+02:00', 0n)).toBe('2026-06-01T10:00:01Z')
  // 01:30 comes twice, and an hour later it is 02:30
  expect(waitingUntil(LONDON, '2026-10-25 01:30:00', 60n * MINUTES)).toBe('2026-10-25 02:30:01.0000000')
})

// ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────

const SERIAL = positionOf('bigint', { clock: 'number' })
const AT = '2026-06-01 12:00:00.0000000'
const numbers = (
  seen: Partial<Seen>,
  over: { buffer?: bigint; watermark?: string | null; earlierLook?: string | null } = {},
  type = 'bigint',
) =>
  numberBounds({
    position: { ...SERIAL, type },
    moment: momentOf({ clock: AT, ...seen }, seen.oldest ? { at: seen.oldest.since, heldBy: seen.oldest.who } : null),
    buffer: over.buffer ?? 0n,
    watermark: over.watermark ?? null,
    earlierLook: over.earlierLook ?? null,
  })

test('a number is safe when nothing is open, or all that was open when it was seen has ended', () => {
  const settled = numbers({ number: { value: '9', at: AT, settled: true } })
  expect(settled).toMatchObject({ upTo: '9', decidedBy: 'look', heldBack: false })
  const first = numbers({ number: { value: '9', at: AT, settled: false }, oldest: HELD })
  expect(first).toMatchObject({ upTo: null, heldBack: true, ceiling: { heldBy: HELD.who } })
  // the same one is still open: the look that waits is kept
  const second = numbers(
    { number: { value: '12', at: '2026-06-01 12:10:00.0000000', settled: false }, oldest: HELD },
    { earlierLook: first.look ?? null },
  )
  expect(second).toMatchObject({ upTo: null, look: first.look })
  const newer = { since: '2026-06-01 12:00:01.0000000', who: 'of session 60' }
  const third = numbers(
    { number: { value: '15', at: '2026-06-01 12:20:00.0000000', settled: false }, oldest: newer },
    { earlierLook: second.look ?? null },
  )
  expect(third).toMatchObject({ upTo: '9', heldBack: false })
  // began at the very moment of the look, for all that is known
  const same = numbers(
    { number: { value: '15', at: '2026-06-01 12:20:00.0000000', settled: false }, oldest: { since: AT, who: 'x' } },
    { earlierLook: first.look ?? null },
  )
  expect(same.upTo).toBeNull()
})

test('numbers overlap by a count, not below the first of their type, and exact beyond what a double holds', () => {
  const seen = { number: { value: '9007199254740995', at: AT, settled: true } }
  expect(numbers(seen, { watermark: '9007199254740993', buffer: 2n })).toMatchObject({
    after: '9007199254740991',
    heldBack: false,
  })
  expect(numbers(seen, { watermark: '9007199254740995' })).toMatchObject({ heldBack: true, ceiling: null })
  expect(numbers(seen, { watermark: '9007199254740995', buffer: 1n })).toMatchObject({ heldBack: false })
  expect(numbers(seen, { watermark: '3', buffer: 5n }, 'tinyint').after).toBeNull()
  expect(numbers(seen, { watermark: '3', buffer: 5n }, 'int').after).toBe('-2')
  expect(numbers(seen, { watermark: '-95', buffer: 5n }, 'decimal(2,0)').after).toBeNull()
})

test('a look of another dialect is none', () => {
  const seen = { number: { value: '9', at: AT, settled: false }, oldest: HELD }
  for (const earlierLook of ['7', '{"clock":"2026-01-01 00:00:00+00","ceiling":"2026-01-01 00:00:00+00"}'])
    expect(numbers(seen, { earlierLook }).upTo).toBeNull()
})

// ── row versions ──────────────────────────────────────────────────────────────────────────────────────────────

test('a row version is read up to the one before the least that is not committed, as bytes', () => {
  const request = {
    position: positionOf('rowversion', { clock: 'rowversion' }),
    moment: momentOf({ rowVersion: '0x00000000000007D0' }),
    buffer: 0n,
    earlierLook: null,
  }
  expect(rowVersionBounds({ ...request, watermark: null })).toMatchObject({
    after: null,
    upTo: '0x00000000000007D0',
    decidedBy: 'rowversion',
    heldBack: false,
    look: null,
  })
  expect(rowVersionBounds({ ...request, watermark: '0x00000000000007cf' })).toMatchObject({
    after: '0x00000000000007CF',
    heldBack: false,
  })
  expect(rowVersionBounds({ ...request, watermark: '0x00000000000007D0' })).toMatchObject({ heldBack: true })
})
