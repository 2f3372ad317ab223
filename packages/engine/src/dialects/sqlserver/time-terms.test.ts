import { expect, test } from 'vitest'
import { nanosecondsOf, textOfNanoseconds } from './nanoseconds.ts'
import { timeTerms } from './time-terms.ts'

const below = (type: string, at: string): string | null => {
  const terms = timeTerms(type)
  const value = terms.below(nanosecondsOf(at))
  return value === null ? null : terms.format(value)
}

test.each([
  ['2026-01-31 12:00:00.1234567', 7, '2026-01-31 12:00:00.1234567'],
  ['2026-01-31T12:00:00.1234567Z', 3, '2026-01-31 12:00:00.123'],
  ['2026-01-31T12:00:00.5+02:00', 1, '2026-01-31 10:00:00.5'],
  ['2026-01-31 12:00:00.5 -05:30', 1, '2026-01-31 17:30:00.5'],
  ['2026-01-31 12:00', 0, '2026-01-31 12:00:00'],
  ['0001-01-01', 7, '0001-01-01 00:00:00.0000000'],
  ['1899-12-31 23:59:59.9999999', 7, '1899-12-31 23:59:59.9999999'],
  ['9999-12-31 23:59:59.9999999', 7, '9999-12-31 23:59:59.9999999'],
])('%s is told to %i digits as %s', (text, digits, told) => {
  expect(textOfNanoseconds(nanosecondsOf(text), digits)).toBe(told)
})

test('what is no time is refused', () => {
  for (const text of ['', 'now', '2026-01-31 12', '31.01.2026', '2026-02-30', '2026-01-31 12:00:00.1234567890'])
    expect(() => nanosecondsOf(text), text).toThrow(/^no time: /)
})

test.each([
  // strictly below, although the type holds the time itself
  ['datetime2(7)', '2026-01-31 12:00:00.1234567', '2026-01-31 12:00:00.1234566'],
  ['datetime2(7)', '2026-01-01 00:00:00.0000000', '2025-12-31 23:59:59.9999999'],
  // a stamp of that moment may be rounded down to .123, so .122 is the last that no stamp becomes
  ['datetime2(3)', '2026-01-31 12:00:00.1239999', '2026-01-31 12:00:00.122'],
  ['datetime2(0)', '2026-01-31 12:00:00.9', '2026-01-31 11:59:59'],
  ['datetimeoffset(7)', '2026-01-31 12:00:00.1200001', '2026-01-31T12:00:00.12Z'],
  ['datetimeoffset(2)', '2026-01-31 12:00:10.0', '2026-01-31T12:00:09.99Z'],
  ['datetimeoffset(0)', '2026-01-31 12:00:10.9', '2026-01-31T12:00:09Z'],
  ['datetime', '2026-01-31 12:00:00.0070000', '2026-01-31 12:00:00.003'],
  ['datetime', '2026-01-31 12:00:00.0066667', '2026-01-31 12:00:00.003'],
  ['datetime', '2026-01-31 12:00:00.0066666', '2026-01-31 12:00:00.000'],
  ['datetime', '2026-01-31 12:00:00.0000000', '2026-01-31 11:59:59.997'],
  ['smalldatetime', '2026-01-31 12:00:59.9999999', '2026-01-31 11:59:00'],
  ['date', '2026-01-31 23:59:59.9999999', '2026-01-30'],
  // before 1970 as after
  ['datetime2(3)', '1899-12-31 23:59:59.9990001', '1899-12-31 23:59:59.998'],
  ['datetime', '1899-12-31 23:59:59.9990001', '1899-12-31 23:59:59.993'],
])('%s: no stamp taken from %s on is at or below %s', (type, at, upTo) => {
  expect(below(type, at)).toBe(upTo)
})

test('a type has no value below its first', () => {
  expect(below('datetime', '1753-01-01 00:00:00.001')).toBeNull()
  expect(below('smalldatetime', '1900-01-01 00:00:30')).toBeNull()
  expect(below('date', '0001-01-01')).toBeNull()
  expect(below('datetime2(7)', '0001-01-01')).toBeNull()
})

test('every value of a datetime is read as the tick that it is, and written again', () => {
  const terms = timeTerms('datetime')
  for (let second = 0; second < 2; second++)
    for (let tick = 0; tick < 300; tick++) {
      const ms = Math.floor((tick * 10 + 1) / 3)
      const text = `2026-01-31 12:00:0${second}.${String(ms).padStart(3, '0')}`
      expect(terms.format(terms.parse(text))).toBe(text)
    }
})

test.each(['date', 'smalldatetime', 'datetime', 'datetime2(0)', 'datetime2(7)', 'datetimeoffset(7)'])(
  '%s: a value is passed at the first time below which it lies',
  (type) => {
    const terms = timeTerms(type)
    const value = terms.parse(below(type, '2026-01-31 12:00:01.0033334') ?? '')
    const passed = terms.passed(value)
    expect(terms.below(passed)).toBe(value)
    expect(terms.below(passed - 1n)).not.toBe(value)
  },
)
