import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import { openSnapshotWorld, snapshotFlow } from '../support/snapshot-world.ts'

const SAME = [0, 0, 0, 1]
const CHANGED = [0, 1, 0, 0]

/** One row whose values become others: what a second snapshot says. */
async function second(
  columns: string,
  before: string,
  after: string,
  options: Partial<SnapshotOptions>,
): Promise<readonly number[]> {
  await using s = await openSnapshotWorld()
  const flow = snapshotFlow(options, { apply: { kind: 'none', maxDelete: null } })
  await s.w.source(`CREATE TABLE src (id INTEGER, ${columns})`, `INSERT INTO src VALUES (1, ${before})`)
  expect(await s.take(flow)).toEqual([1, 0, 0, 0])
  await s.w.source('DELETE FROM src', `INSERT INTO src VALUES (1, ${after})`)
  return await s.take(flow)
}

const TWO_TEXTS = 'a VARCHAR, b VARCHAR'

const DIFFERENT: readonly (readonly [what: string, columns: string, before: string, after: string])[] = [
  ["NULL and ''", 'a VARCHAR', 'NULL', "''"],
  ["NULL and 'NULL'", 'a VARCHAR', 'NULL', "'NULL'"],
  ["'' and 'NULL'", 'a VARCHAR', "''", "'NULL'"],
  ['("a","bc") and ("ab","c")', TWO_TEXTS, "'a', 'bc'", "'ab', 'c'"],
  ['("a", NULL) and (NULL, "a")', TWO_TEXTS, "'a', NULL", "NULL, 'a'"],
  ['two values that change places', 'a INTEGER, b INTEGER', '1, 2', '2, 1'],
  ["'1' and '1.0'", 'a VARCHAR', "'1'", "'1.0'"],
  ['−0.0 and 0.0', 'a DOUBLE', "'-0.0'::DOUBLE", '0.0'],
  ['−0.0 and 0.0 in 32 bits', 'a FLOAT', "'-0.0'::DOUBLE", '0.0'],
  ['−0.0 and 0.0 in a list', 'a DOUBLE[]', "['-0.0'::DOUBLE]", '[0.0]'],
  ['30 days and 1 month', 'a INTERVAL', "INTERVAL '30 days'", "INTERVAL '1 month'"],
  ['24 hours and 1 day', 'a INTERVAL', "INTERVAL '24 hours'", "INTERVAL '1 day'"],
  [
    '30 days and 1 month in a struct',
    'a STRUCT(i INTERVAL[])',
    "{'i': [INTERVAL '30 days']}",
    "{'i': [INTERVAL '1 month']}",
  ],
  ['trailing blanks', 'a VARCHAR', "'a'", "'a '"],
  ['case', 'a VARCHAR', "'a'", "'A'"],
  ['one time in two zones', 'a TIMETZ', "'12:00:00+00'", "'13:00:00+01'"],
  ['integers beyond 2^53', 'a BIGINT', '9007199254740992', '9007199254740993'],
  ['integers beyond 64 bits', 'a HUGEINT', '18446744073709551616', '18446744073709551617'],
  [
    'the last of 38 digits',
    'a DECIMAL(38,10)',
    '1234567890123456789012345678.0123456789',
    '1234567890123456789012345678.0123456788',
  ],
  ['bytes that are no text', 'a BLOB', String.raw`'\x00\xFF'::BLOB`, String.raw`'\x00\xFE'::BLOB`],
  ['JSON with a blank', 'a JSON', `'{"a":1}'`, `'{"a": 1}'`],
  ['an empty list and NULL', 'a INTEGER[]', '[]', 'NULL'],
]

const held = ([, columns]: (typeof DIFFERENT)[number]): boolean => !columns.includes('STRUCT')

/** The cases as rows of one table, each with columns of its own, which no other row fills. */
function asRows(cases: typeof DIFFERENT) {
  const names = cases.map(([, columns], i) => columns.replaceAll(/\b([ab]) (?=[A-Z])/g, `$1${i} `))
  const rows = (which: 2 | 3): readonly string[] =>
    cases.map(([, columns, ...values], i) => {
      const own = [...columns.matchAll(/\b([ab]) (?=[A-Z])/g)].map(([, name]) => `${name}${i}`)
      return `INSERT INTO src (id, ${own.join(', ')}) VALUES (${i}, ${values[which - 2]})`
    })
  return { table: `CREATE TABLE src (id INTEGER, ${names.join(', ')})`, before: rows(2), after: rows(3) }
}

test.each([false, true])('every change of a value is one, with exact: %s', async (exact) => {
  await using s = await openSnapshotWorld()
  const flow = snapshotFlow({ exact }, { apply: { kind: 'none', maxDelete: null } })
  const cases = DIFFERENT.filter(held)
  const { table, before, after } = asRows(cases)
  await s.w.source(table, ...before)
  expect(await s.take(flow)).toEqual([cases.length, 0, 0, 0])
  await s.w.source('DELETE FROM src', ...after)
  await s.take(flow)
  const changed = new Set((await s.hot("SELECT key FROM difference WHERE kind = 'changed'")).map(([key]) => key))
  expect(cases.filter((_, i) => !changed.has(JSON.stringify([String(i)]))).map(([what]) => what)).toEqual([])
  expect(changed.size).toBe(cases.length)
})

/** Few values and many rows: what a Parquet writer makes a dictionary of. Tables of DuckDB lose the sign by themselves. */
test.each(['DOUBLE', 'FLOAT'])('−0.0 that becomes 0.0 among many of both is a change: %s', async (type) => {
  await using s = await openSnapshotWorld()
  const flow = snapshotFlow({}, { apply: { kind: 'none', maxDelete: null } })
  await s.w.source(
    "CREATE TABLE texts AS SELECT i AS id, ['0.5', '-0.0', '0.0'][1 + i % 3] AS a FROM range(3000) AS r(i)",
    `CREATE VIEW src AS SELECT id, CAST(a AS ${type}) AS a FROM texts`,
  )
  expect(await s.take(flow)).toEqual([3000, 0, 0, 0])
  await s.w.source("UPDATE texts SET a = '-0.0' WHERE id = 5", "UPDATE texts SET a = '0.0' WHERE id = 4")
  expect(await s.take(flow)).toEqual([0, 2, 0, 2998])
})

test('a type that no file holds is refused before anything is written', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT 1 AS id, {'i': [INTERVAL '30 days']} AS a")
  expect(await s.run(snapshotFlow())).toMatchObject({ state: 'failed', error: { code: 'TM4025' } })
  expect(await s.snapshots()).toEqual([])
  expect(existsSync(s.w.targetPath)).toBe(false)
})

test.each([
  ['the same row again', 'a VARCHAR, b DOUBLE', "'a', 0.1", "'a', 0.1"],
  ['values that are no number', 'a DOUBLE', "'nan'", "-('nan'::DOUBLE)"],
  ['one decimal written otherwise', 'a DECIMAL(10,2)', '1', '1.00'],
  ['NULL and NULL', 'a VARCHAR', 'NULL', 'NULL'],
  [
    'a type that lies in the file as text',
    "a ENUM('x', 'y'), b TIME_NS, c BIT",
    "'x', '12:00:00.123456789', '0101'",
    "'x', '12:00:00.123456789', '0101'",
  ],
] as const)('no change: %s', async (_, columns, before, after) => {
  expect(await second(columns, before, after, {})).toEqual(SAME)
  expect(await second(columns, before, after, { exact: true })).toEqual(SAME)
})

test.each<[string, Partial<SnapshotOptions>, string, string, string, readonly number[]]>([
  ['blanks at the ends, trimmed', { normalise: { a: [{ kind: 'trim' }] } }, 'a VARCHAR', "'a'", "' a  '", SAME],
  ['blanks inside, trimmed', { normalise: { a: [{ kind: 'trim' }] } }, 'a VARCHAR', "'a b'", "'a  b'", CHANGED],
  ['case, folded', { normalise: { a: [{ kind: 'case' }] } }, 'a VARCHAR', "'Ärger'", "'äRGER'", SAME],
  ["'' as NULL", { normalise: { a: [{ kind: 'empty-is-null' }] } }, 'a VARCHAR', "''", 'NULL', SAME],
  [
    'blanks alone, trimmed, as NULL',
    { normalise: { a: [{ kind: 'trim' }, { kind: 'empty-is-null' }] } },
    'a VARCHAR',
    "'  '",
    'NULL',
    SAME,
  ],
  ["'NULL' is a text", { normalise: { a: [{ kind: 'empty-is-null' }] } }, 'a VARCHAR', "'NULL'", 'NULL', CHANGED],
  ['a float rounded', { normalise: { a: [{ kind: 'round', digits: 2 }] } }, 'a DOUBLE', '1.001', '1.0014', SAME],
  ['a float rounded to −0', { normalise: { a: [{ kind: 'round', digits: 2 }] } }, 'a DOUBLE', '-0.001', '0.001', SAME],
  ['a float beyond it', { normalise: { a: [{ kind: 'round', digits: 2 }] } }, 'a DOUBLE', '1.001', '1.01', CHANGED],
  [
    'a decimal rounded',
    { normalise: { a: [{ kind: 'round', digits: 1 }] } },
    'a DECIMAL(20,4)',
    '1.0100',
    '1.0400',
    SAME,
  ],
  [
    'a decimal to whole ones',
    { normalise: { a: [{ kind: 'round', digits: 0 }] } },
    'a DECIMAL(5,2)',
    '999.40',
    '999.41',
    SAME,
  ],
  ['a column left out', { exclude: ['A'] }, 'a INTEGER, b INTEGER', '1, 1', '2, 1', SAME],
  ['a column beside the one left out', { exclude: ['a'] }, 'a INTEGER, b INTEGER', '1, 1', '1, 2', CHANGED],
  ['a column not among the chosen', { include: ['b'] }, 'a INTEGER, b INTEGER', '1, 1', '2, 1', SAME],
  ['the chosen column', { include: ['B'] }, 'a INTEGER, b INTEGER', '1, 1', '1, 2', CHANGED],
])('normalised and chosen: %s', async (_, options, columns, before, after, found) => {
  expect(await second(columns, before, after, options)).toEqual(found)
  expect(await second(columns, before, after, { ...options, exact: true })).toEqual(found)
})

test.each<[string, Partial<SnapshotOptions>, string, RegExp]>([
  ['an unknown column compared', { include: ['nix'] }, 'TM4002', /capture\.compare names nix/],
  ['an unknown column left out', { exclude: ['nix'] }, 'TM4002', /capture\.compare names nix/],
  [
    'an unknown column normalised',
    { normalise: { nix: [{ kind: 'trim' }] } },
    'TM4002',
    /capture\.normalise names nix/,
  ],
  ['a number trimmed', { normalise: { n: [{ kind: 'trim' }] } }, 'TM4003', /trim is for a text, and n is INTEGER/],
  ['a text rounded', { normalise: { a: [{ kind: 'round', digits: 2 }] } }, 'TM4003', /a is VARCHAR/],
  ['a whole number rounded', { normalise: { n: [{ kind: 'round', digits: 2 }] } }, 'TM4003', /n is INTEGER/],
])('refused before anything is written: %s', async (_, options, code, message) => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT 1 AS id, 'x' AS a, 1 AS n")
  expect(await s.run(snapshotFlow(options))).toMatchObject({ error: { code, message: expect.stringMatching(message) } })
  expect(await s.snapshots()).toEqual([])
})
