import { readFileSync } from 'node:fs'
import path from 'node:path'
import { LOGICAL_KINDS } from '@tidemark/contract/logical-type'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalText } from '../../src/dialects/duckdb/canonical.sql.ts'
import { rowHash } from '../../src/dialects/duckdb/row-hash.sql.ts'
import { ident, textOf } from '../../src/dialects/sql-text.ts'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { ROOT } from '../structure/repository.ts'
import { duckdbType, duckdbValue } from './duckdb-value.ts'
import { canonicalOf, framedRow, hashOf, type Value, type ValueType, type VectorColumn } from './hash-reference.ts'
import { NESTED_SAMPLES, samplesOf, SCALAR_SAMPLES } from './sample-values.ts'

interface Vector {
  readonly about: string
  readonly columns: readonly VectorColumn[]
  readonly canonical: Readonly<Record<string, string | null>>
  readonly framed: string
  readonly sha256: string
}
const VECTORS = JSON.parse(readFileSync(path.join(ROOT, 'docs/row-hash-vectors.json'), 'utf8')) as readonly Vector[]

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

const sqlOf = (type: string, name: string): string => {
  const text = canonicalText(type, ident(name))
  if (text === null) throw new TypeError(`${type} has no canonical text`)
  return textOf(text)
}

test('the published test vectors are what TypeScript makes of them', () => {
  for (const v of VECTORS) {
    expect([v.about, framedRow(v.columns), hashOf(v.columns)]).toEqual([v.about, v.framed, v.sha256])
    for (const c of v.columns) expect(canonicalOf(c.type, c.value)).toBe(v.canonical[c.name])
  }
})

test('the published test vectors are what DuckDB makes of them', async () => {
  for (const v of VECTORS) {
    const columns = v.columns.map((c) => ({ name: c.name, type: duckdbType(c.type), value: ident(c.name) }))
    const from = `(SELECT ${v.columns.map((c) => `${duckdbValue(c.type, c.value)} AS "${c.name}"`).join(', ')})`
    const texts = columns.map((c) => `${sqlOf(c.type, c.name)}`)
    const [row] = await session.rows(`SELECT ${textOf(rowHash(columns))}, ${texts.join(', ')} FROM ${from}`)
    expect([v.about, ...(row ?? [])]).toEqual([v.about, v.sha256, ...columns.map((c) => v.canonical[c.name])])
  }
})

test('the vectors know every logical type, and rows that differ have hashes that differ', () => {
  const kinds = VECTORS.flatMap((v) =>
    v.columns.map((c) => (typeof c.type === 'string' ? c.type.replace(/\(.*/, '') : '')),
  )
  expect(LOGICAL_KINDS.filter((kind) => !kinds.includes(kind))).toEqual([])
  expect(VECTORS.length).toBeGreaterThanOrEqual(40)
  const byHash = Map.groupBy(VECTORS, (v) => v.sha256)
  for (const same of byHash.values()) expect(new Set(same.map((v) => v.framed)).size).toBe(1)
  const hashes = (about: string) => VECTORS.filter((v) => v.about === about).map((v) => v.sha256)
  for (const about of [
    '("a", "bc") is not ("ab", "c")',
    'NULL is not the empty text',
    'a zero has a sign',
    '30 days are no month, 24 hours no day',
    'a list frames its items',
    'a union has its tag',
  ])
    expect([about, new Set(hashes(about)).size]).toEqual([about, hashes(about).length])
})

const digits = (n: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: n, maxLength: n })
const moment = fc
  .tuple(
    fc.integer({ min: -9000, max: 20_000 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
    fc.nat(23),
    fc.nat(59),
    fc.nat(59),
    digits(6),
  )
  .map(([y, m, d, h, min, s, us]) => {
    const two = (n: number) => String(n).padStart(2, '0')
    return [
      `${y < 0 ? '-' : ''}${String(Math.abs(y)).padStart(4, '0')}-${two(m)}-${two(d)}`,
      `${two(h)}:${two(min)}:${two(s)}.${us}`,
    ] as const
  })
const float = fc.oneof(
  fc.double(),
  fc.double({ min: -1e5, max: 1e5 }),
  fc.integer({ min: -20, max: 20 }).map((e) => 10 ** e),
  fc.maxSafeInteger(),
)
const written = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
const RANDOM: Readonly<Record<string, fc.Arbitrary<string>>> = {
  int64: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n).map(String),
  'decimal(38,10)': fc
    .tuple(fc.constantFrom('', '-'), digits(28), digits(10))
    .map(([sign, a, b]) => `${sign}${a}.${b}`),
  'decimal(4,4)': fc.tuple(fc.constantFrom('', '-'), digits(4)).map(([sign, a]) => `${sign}0.${a}`),
  'decimal(9,2)': fc
    .tuple(fc.constantFrom('', '-'), fc.nat(9999999), digits(2))
    .map(([sign, a, b]) => `${sign}${a}.${b}`),
  float64: float.map(written),
  float32: float.map((x) => written(Math.fround(x))),
  text: fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0')),
  bytes: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b).toString('hex')),
  uuid: fc.uuid(),
  date: moment.map(([d]) => d),
  'time(6)': moment.map(([, t]) => t),
  'timestamp(6)': moment.map((m) => m.join('T')),
  'timestamptz(6)': moment.map((m) => `${m.join('T')}Z`),
}

test.each(Object.entries(RANDOM))(
  'DuckDB and TypeScript agree on the canonical text of any %s',
  async (type, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrary, { minLength: 1, maxLength: 200 }), async (values) => {
        const wide = duckdbType(type)
        const rows = await session.rows(
          `SELECT ${sqlOf(wide, 'v')} FROM (VALUES ${values.map((v) => `(${duckdbValue(type, v)})`).join(', ')}) t(v)`,
        )
        expect(rows.map(([text]) => text)).toEqual(values.map((v) => canonicalOf(type, v)))
      }),
      { numRuns: 10 },
    )
  },
)

test('no two values of a type have one canonical text, except that all NaN are one', async () => {
  for (const type of [...Object.keys(SCALAR_SAMPLES), ...Object.keys(NESTED_SAMPLES)]) {
    if (canonicalText(type, ident('v')) === null) continue
    const values = samplesOf(type, 40).map((v) => `(${v})`)
    // JSON is told apart by its text, the others by what DuckDB writes, which says everything but the sign of NaN
    const rows = await session.rows(
      `SELECT DISTINCT replace(CAST(v AS VARCHAR), '-nan', 'nan'), ${sqlOf(type, 'v')} FROM (VALUES ${values.join(', ')}) t(v)`,
    )
    expect([type, new Set(rows.map(([, text]) => text)).size]).toEqual([type, rows.length])
  }
})

test('a type without a canonical text is refused by a row hash', () => {
  for (const type of ['VARIANT', 'GEOMETRY', 'VARIANT[]', 'STRUCT(a GEOMETRY)', 'SOMETHING'])
    expect(() => rowHash([{ name: 'v', type, value: ident('v') }])).toThrow(expect.objectContaining({ code: 'TM4111' }))
})

test('names inside a nested type are quoted where they need it', async () => {
  const type: ValueType = { struct: { "it's": 'text', 'a b': { union: { 'x y': 'int32' } } } }
  const value: Value = { "it's": 'x', 'a b': ['x y', '7'] }
  const [row] = await session.rows(
    `SELECT ${sqlOf(duckdbType(type), 'v')} FROM (SELECT ${duckdbValue(type, value)} AS v)`,
  )
  expect(row).toEqual([canonicalOf(type, value)])
})
