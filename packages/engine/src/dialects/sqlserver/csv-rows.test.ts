import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvColumn, type CsvItem, type CsvPart, CsvRows, isPart } from './csv-rows.ts'

const SHORT: readonly CsvColumn[] = [
  { name: 'id', kind: 'text', most: 4000, room: 4000 },
  { name: 'name', kind: 'text', most: 4000, room: 4000 },
]
const LONG: readonly CsvColumn[] = [
  { name: 'id', kind: 'text', most: 4000, room: 4000 },
  { name: 'note', kind: 'text', most: null, room: null },
  { name: 'file', kind: 'bytes', most: null, room: null },
]

/** In pieces of so many bytes. */
function read(columns: readonly CsvColumn[], csv: string, size = 1_000_000, held?: number): readonly CsvItem[] {
  const rows = new CsvRows(columns, held)
  const bytes = Buffer.from(csv)
  const items: CsvItem[] = []
  for (let at = 0; at < bytes.length; at += size) {
    // whoever writes uses its buffer again
    const piece = Buffer.from(bytes.subarray(at, at + size))
    items.push(...rows.push(piece))
    piece.fill(0)
  }
  return [...items, ...rows.end()]
}

describe('rows of CSV', () => {
  test('NULL is nothing, an empty text is two marks, and a mark within is doubled', () => {
    expect(read(SHORT, '1,\n,""\n"a ""b""","c,\nd"\n')).toEqual([
      ['1', null, 1n],
      [null, '', 2n],
      ['a "b"', 'c,\nd', 3n],
    ])
  })

  test('no row is no row, and a line of nothing is one NULL', () => {
    expect(read(SHORT, '')).toEqual([])
    expect(read(SHORT.slice(0, 1), '\n\n')).toEqual([
      [null, 1n],
      [null, 2n],
    ])
  })

  test('bytes are their digits, in either case', () => {
    expect(read(LONG, '1,x,\\x00ff0A\n2,"",\\x\n')).toEqual([
      ['1', 'x', Buffer.from([0, 255, 10]), null, 1n],
      ['2', '', Buffer.alloc(0), null, 2n],
    ])
  })

  test('a value that is too long comes in parts before its row, whatever it is', () => {
    const text = '€"😀'.repeat(1_000)
    const bytes = Buffer.alloc(9_001, 'ab').toString('hex')
    const items = read(LONG, `1,"${text.replaceAll('"', '""')}",\\x${bytes}\n2,short,\\x01\n`, 700, 1_000)
    const parts = items.filter(isPart)
    const joined = (column: number): Buffer =>
      Buffer.concat(parts.filter((p) => p.column === column).map((p) => p.data))
    expect(joined(1).toString('utf16le')).toBe(text)
    expect(joined(2).toString('hex')).toBe(bytes)
    expect(parts.every((p) => p.row === '1' && p.data.length <= 8_000)).toBe(true)
    expect(parts.filter((p) => p.isLast).map((p) => p.column)).toEqual([1, 2])
    expect(items.filter((x) => !isPart(x))).toEqual([
      ['1', null, null, '1', 1n],
      ['2', 'short', Buffer.from([1]), null, 2n],
    ])
    expect(items.findIndex((x) => !isPart(x))).toBe(parts.length)
  })

  test('a value that its column has no room for is announced before its row, once', () => {
    const columns = LONG.map((x) => ({ ...x, room: 4 }))
    expect(read(columns, '1,abcd,\\x01020304\n2,abcde,\\x0102030405\n3,abcdef,\\x010203040506\n')).toEqual([
      ['1', 'abcd', Buffer.from([1, 2, 3, 4]), null, 1n],
      { longer: 1 },
      { longer: 2 },
      ['2', 'abcde', Buffer.from([1, 2, 3, 4, 5]), null, 2n],
      ['3', 'abcdef', Buffer.from([1, 2, 3, 4, 5, 6]), null, 3n],
    ])
  })

  test.each([
    ['a value too many', '1,2,3\n', 'more than 2'],
    ['a value too few', '1\n', '1 of 2'],
    ['an end within a row', '1,2\n3', 'ends within'],
    ['an end within marks', '1,"2', 'ends within'],
    ['something behind a mark', '1,"2"x\n', 'behind a quotation mark'],
  ])('%s is refused', (_, csv, why) => {
    expect(() => read(SHORT, csv)).toThrow(why)
  })

  test('a short value that is too long, and bytes that are none, are refused with their column', () => {
    expect(() => read(SHORT, `${'9'.repeat(4_001)},x\n`)).toThrow('id: a value of 4001 characters')
    expect(() => read(LONG, '1,x,ff\n')).toThrow('file: bytes')
    expect(() => read(LONG, '1,x,\\xf\n')).toThrow('file: bytes')
  })

  test('whatever it is cut into, it is the same rows', () => {
    const value = fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }), { nil: null })
    const row = fc.tuple(value, value)
    const written = (x: string | null, marks: boolean): string =>
      x === null ? '' : marks || x === '' || /[",\n]/.test(x) ? `"${x.replaceAll('"', '""')}"` : x
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (rows, size, marks) => {
          const csv = rows.map((values) => `${values.map((x) => written(x, marks)).join(',')}\n`).join('')
          expect(read(SHORT, csv, size)).toEqual(rows.map((values, i) => [...values, BigInt(i + 1)]))
        },
      ),
    )
  })

  test('long values in parts are the same values', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const bytes = fc.uint8Array({ maxLength: 40 }).map((x) => Buffer.from(x))
    fc.assert(
      fc.property(
        text,
        bytes,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 16 }),
        (note, file, size, held) => {
          const csv = `1,"${note.replaceAll('"', '""')}",\\x${file.toString('hex')}\n`
          const items = read(LONG, csv, size, held)
          const row = items.at(-1) as readonly unknown[]
          const parts = items.filter(isPart)
          const of = (column: number): CsvPart[] => parts.filter((p) => p.column === column)
          const whole = (column: number): Buffer => Buffer.concat(of(column).map((p) => p.data))
          expect(of(1).length > 0 ? whole(1).toString('utf16le') : row[1]).toBe(note)
          expect(of(2).length > 0 ? whole(2) : row[2]).toEqual(file)
        },
      ),
    )
  })
})
