import { expect, test } from 'vitest'
import { bytes, count, counted, rate } from './numbers.ts'
import { age, clockTime, duration, lag, localTime, offset, whenText } from './times.ts'

test('thousands stand apart, beyond 2^53 too', () => {
  expect([count(0), count(999), count(1240113), count('9007199254740993'), count(12n)]).toEqual([
    '0',
    '999',
    '1 240 113',
    '9 007 199 254 740 993',
    '12',
  ])
  expect([counted(1, 'row'), counted(0, 'row'), counted(2, 'batch', 'batches')]).toEqual([
    '1 row',
    '0 rows',
    '2 batches',
  ])
})

test('rates and bytes have the unit that keeps them short', () => {
  expect([rate(0.4), rate(850), rate(999.7), rate(3_140), rate(61_200), rate(1_500_000)]).toEqual([
    '0/s',
    '850/s',
    '1 k/s',
    '3.1 k/s',
    '61 k/s',
    '1.5 M/s',
  ])
  expect([bytes(0n), bytes(1023n), bytes(1536n), bytes(1_503_238_554n)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '1.4 GiB',
  ])
})

test('spans are said in their two largest units', () => {
  expect([0, 40, 99, 9_400, 9_960, 168_000, 3_900_000, 7_200_000, 273_600_000].map(duration)).toEqual([
    '0 ms',
    '40 ms',
    '0.1 s',
    '9.4 s',
    '10 s',
    '2 m 48 s',
    '1 h 5 m',
    '2 h',
    '3 d 4 h',
  ])
  expect([0, 59_000, 420_000, 3_600_000].map(lag)).toEqual(['0', '59 s', '7 m', '1 h'])
})

test('moments are shown in the zone of the person, a position as the source wrote it', () => {
  const now = Temporal.Instant.from('2026-07-20T22:00:00Z')
  expect(localTime('2026-07-20T21:57:12.440Z', 'Europe/London')).toBe('2026-07-20 22:57:12')
  expect(offset(now, 'Europe/London')).toBe('+01:00')
  expect(clockTime('2026-07-20T21:57:12.440Z', now, 'Europe/London')).toBe('22:57')
  expect(clockTime('2026-07-20T23:57:12.440Z', now, 'Europe/London')).toBe('2026-07-21 00:57')
  expect(age('2026-07-20T21:56:00.000Z', now)).toBe('4 m ago')
  expect(age('2026-07-20T22:00:00.000Z', now)).toBe('just now')
  expect(whenText('2026-07-20 21:57:12.44', now, 'Europe/London')).toBe('2026-07-20 21:57:12.44')
})
