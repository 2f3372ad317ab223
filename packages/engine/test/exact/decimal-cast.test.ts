import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exactDecimal, tryDecimal } from '../../src/dialects/duckdb/decimal-cast.sql.ts'
import { ident, textOf } from '../../src/dialects/sql-text.ts'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'

const TYPES = [
  [19, 0],
  [20, 2],
  [28, 18],
  [38, 0],
  [38, 10],
  [38, 19],
  [38, 30],
  [38, 37],
  [38, 38],
] as const
const EDGES = [
  '',
  ' ',
  '-',
  '+',
  '.',
  '-.',
  '+.',
  '- 1',
  '1 2',
  'nan',
  'NaN',
  '-nan',
  'inf',
  'Infinity',
  'x',
  '1x',
  '0x10',
  '١',
  '0',
  '-0',
  '+0',
  '00',
  '-00.00',
  '.5',
  '-.5',
  '5.',
  '-5.',
  '+5.5',
  '007',
  '-007.70',
  ' 1',
  '1 ',
  '\t1\n',
  '1,5',
  '1.5',
  '-0.5',
  '-0.05',
  '0.005',
  '-0.005',
  '0.015',
  '1.994',
  '1.995',
  '1.005',
  '9.995',
  '99.999999999999999999',

  '1e3',
  '1E3',
  '1e+3',
  '1e-3',
  '-1.5e-2',
  '1.5e1',
  '15e-1',
  '1e',
  '1e1.5',
  'e3',
  '1e40',
  '1e-40',
  '0e99',
  '1.50e-1',
  '.2_0e20',
  '0E00000',
  '1E00001',
  '15e-000001',
  '0e99999',
  '0e-99999999999999999999',
  '1e99999',
  '1e99999999999999999999',
  '1e-99999999999999999999',
  '1_000',
  '1__0',
  '_1',
  '1_',
  '1_0.5_0',
  '1e1_0',
  '1.',
  '..',
  '1..2',
  '1.2.3',
  '--1',
  '1-',

  '999999999999999999',
  '1000000000000000000',
  '-999999999999999999',
  '9999999999999999999',
  '-9999999999999999999',

  '99999999999999999999999999999999999999',
  '-99999999999999999999999999999999999999',
  '100000000000000000000000000000000000000',

  '0.99999999999999999999999999999999999999',
  '-0.00000000000000000000000000000000000001',
  '0.000000000000000001',
  '0.0000000000000000005',

  '123456789012345678.12345678901234567890',
  '1234567890123456789.5',
  '000000000000000000000000000000000000000000001.50',
  '1.500000000000000000000000000000000000000000',
]

const ofDigits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 0, maxLength: most })
const written = fc
  .tuple(
    fc.constantFrom('', '', '-', '-', '+', ' '),
    ofDigits(40),
    fc.constantFrom('', '.'),
    ofDigits(42),
    fc.constantFrom('', '', '', '', 'e', 'E-', 'e+'),
    fc.tuple(
      fc.constantFrom('', '', '', '0', '0000'),
      fc.oneof({ weight: 9, arbitrary: fc.nat(45) }, fc.bigInt({ min: 0n, max: 10n ** 20n })),
    ),
    fc.constantFrom('', '', '', ' ', 'x'),
  )
  .map(
    ([sign, whole, point, fraction, e, exponent, tail]) =>
      `${sign}${whole}${point}${point === '' ? '' : fraction}${e}${e === '' ? '' : exponent.join('')}${tail}`,
  )
const usual = fc
  .tuple(fc.constantFrom('', '-'), ofDigits(18), ofDigits(10))
  .map(([sign, a, b]) => `${sign}${a === '' ? '0' : a}${b === '' ? '' : `.${b}`}`)
const texts = fc.array(
  fc.oneof(written, usual, fc.string({ unit: fc.constantFrom(...'0123456789.-+eE _'.split('')), maxLength: 12 })),
  { maxLength: 300 },
)

let file: DuckdbFile
let session: DuckdbSession
beforeAll(async () => {
  file = await openDuckdbFile(IN_MEMORY, 'write', { memoryBytes: null, threads: null, tempDir: null })
  session = await file.session()
})
afterAll(async () => {
  session.close()
  await file[Symbol.asyncDispose]()
})

const given = '(SELECT unnest(CAST(CAST(? AS JSON) AS VARCHAR[])) AS x)'
const x = ident('x')

/** Texts whose values differ, each with what DuckDB says and what we say. */
async function differences(values: readonly string[], p: number, s: number) {
  return session.rows(
    `SELECT x, theirs, ours FROM (SELECT x, CAST(TRY_CAST(x AS DECIMAL(${p}, ${s})) AS VARCHAR) AS theirs, CAST(${textOf(tryDecimal(x, p, s))} AS VARCHAR) AS ours FROM ${given}) WHERE theirs IS DISTINCT FROM ours`,
    [JSON.stringify(values)],
  )
}

test.each(TYPES)('the fast cast of a text to DECIMAL(%i,%i) is the cast of DuckDB', async (p, s) => {
  expect(await differences(EDGES, p, s)).toEqual([])
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      expect(await differences(values, p, s)).toEqual([])
    }),
    { numRuns: 15 },
  )
})

/** The number that a text says, as digits and a scale; null: none, or none of these sizes. */
function numberOf(text: string): { readonly unscaled: bigint; readonly scale: number } | null {
  const [all, sign, whole = '', fraction = '', exponent = '0'] =
    /^\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?\s*$/.exec(text) ?? []
  if (all === undefined || whole + fraction === '') return null
  const unscaled = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  return { unscaled, scale: fraction.length - Number(exponent) }
}

/** The same as a decimal with that scale, in units of it; null: digits would be lost. */
function inUnits(text: string, scale: number): bigint | null {
  const number = numberOf(text)
  if (number === null) return null
  if (number.scale <= scale) return number.unscaled * 10n ** BigInt(Math.min(scale - number.scale, 400))
  const times = 10n ** BigInt(Math.min(number.scale - scale, 400))
  return number.unscaled % times === 0n ? number.unscaled / times : null
}

async function wrongValues(values: readonly string[], p: number, s: number) {
  const rows = await session.rows(
    `SELECT x, CAST(${textOf(exactDecimal(x, p, s))} AS VARCHAR), CAST(TRY_CAST(x AS DECIMAL(${p}, ${s})) AS VARCHAR) FROM ${given}`,
    [JSON.stringify(values)],
  )
  return rows.filter(([text, ours, theirs]) => {
    const plain = (text ?? '').replaceAll('_', '')
    const units = inUnits(plain, s)
    const isNumber = theirs !== null || /^\s*[+-]?(\d+\.?\d*|\.\d+)e[+-]?\d+\s*$/i.test(text ?? '')
    // an exponent and digits apart by underscores in one text: not read
    const isOdd = /_.*e|e.*_/i.test(text ?? '')
    const fits = !isOdd && isNumber && units !== null && (units < 0n ? -units : units) < 10n ** BigInt(p)
    return ours === null ? fits : !fits || BigInt((ours ?? '').replace('.', '')) !== units
  })
}

test.each(TYPES)('a text becomes a DECIMAL(%i,%i) with all its digits, or nothing', async (p, s) => {
  expect(await wrongValues(EDGES, p, s)).toEqual([])
  await fc.assert(
    fc.asyncProperty(texts, async (values) => {
      expect(await wrongValues(values, p, s)).toEqual([])
    }),
    { numRuns: 15 },
  )
})

test('regression: an exponent of any length is read, or the text is no value', async () => {
  const texts = ['0E00000', '0e99999', '1E00001', '15e-000001', '1e99999999999999999999', '1e-99999999999999999999']
  const rows = await session.rows(`SELECT x, CAST(${textOf(exactDecimal(x, 20, 2))} AS VARCHAR) FROM ${given}`, [
    JSON.stringify(texts),
  ])
  expect(rows.map(([, value]) => value)).toEqual(['0.00', '0.00', '10.00', '1.50', null, null])
})
