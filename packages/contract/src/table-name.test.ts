import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'
import { formatSize, parseSize } from './size.ts'
import { formatColumnRef, formatTableName, parseColumnRef, parseTableName } from './table-name.ts'

const part = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
    fc.stringMatching(/^[a-z"[\].; '/*?]{1,6}$/),
    fc.constantFrom('a', 'dbo', 'a.b', '"', ']', '[x]', 'odd; drop table'),
  )
  .filter((text) => !text.includes('\0'))

test('a table name survives being written and read', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      expect(parseTableName(formatTableName(parts))).toEqual(parts)
    }),
  )
})

test('a path is written as it is, without quotes', () => {
  expect(formatTableName(['in box/2026.*/*.csv'])).toBe('in box/2026.*/*.csv')
  expect(formatTableName(['lake', 'a/b'])).toBe('lake."a/b"')
  expect(formatTableName(['my sales', '', 'orders'])).toBe('"my sales"..orders')
})

test('a column survives being written and read', () => {
  fc.assert(
    fc.property(fc.option(part), part, (table, column) => {
      expect(parseColumnRef(formatColumnRef({ table, column }))).toEqual({ table, column })
    }),
  )
})

test.each([
  ['a.b.c', ['a', 'b', 'c']],
  ['lake."odd ""name"""', ['lake', 'odd "name"']],
  ['[dbo].[odd ]] name.x]', ['dbo', 'odd ] name.x']],
  ['Größe', ['Größe']],
  ['#tmp', ['#tmp']],
  ['sales..orders', ['sales', '', 'orders']],
  ['[far off].sales..orders', ['far off', 'sales', '', 'orders']],
  ['orders/*.parquet', ['orders/*.parquet']],
  ['2026.v1/part-?.csv', ['2026.v1/part-?.csv']],
  ['orders.csv', ['orders', 'csv']],
  ['"a/b".c', ['a/b', 'c']],
])('table name %s has the parts %j', (text, parts) => {
  expect(parseTableName(text)).toEqual(parts)
})

test.each([
  ['', /part is empty/],
  ['..b', /part is empty/],
  ['.b', /part is empty/],
  ['a...b', /part is empty/],
  ['a..b.c', /part is empty/],
  ['a.""."b"', /part is empty/],
  ['a.[].b', /part is empty/],
  ['a.', /part is empty/],
  ['a..', /part is empty/],
  ['odd name', /needs quotes: "odd name"/],
  ['x; drop table y', /needs quotes/],
  ['"open', /has no end/],
  ['"a"b', /dot is expected at character 4/],
  ['"a"/b', /dot is expected at character 4/],
  ['a/\0', /NUL character|needs quotes/],
  ['a.b.c.d.e', /5 parts/],
])('table name %j is refused', (text, message) => {
  expect(() => parseTableName(text)).toThrow(message)
})

test('a column has at most an alias before it', () => {
  expect(() => parseColumnRef('a.b.c')).toThrow(/alias\.column/)
  expect(() => parseColumnRef('a..c')).toThrow(/alias\.column/)
})

test('a duration survives being written and read', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      const ms = seed % 10 ** 12
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
  )
  expect(formatDuration(14_400_000)).toBe('4h')
})

test.each(['', '4', 'h', '-4h', '4 h', '1h30m', '1.5h', '4H', '999999999999d'])('duration %j is refused', (text) => {
  expect(parseDuration(text)).toBeNull()
})

test('a size survives being written and read', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      const bytes = seed % 10 ** 15
      expect(parseSize(formatSize(bytes))).toBe(bytes)
    }),
  )
  expect(formatSize(67_108_864)).toBe('64MiB')
})

test.each(['', '64', '64MB', '64 MiB', '-1B', '1.5GiB', '99999999999999TiB'])('size %j is refused', (text) => {
  expect(parseSize(text)).toBeNull()
})
