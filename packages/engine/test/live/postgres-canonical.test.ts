import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalText } from '../../src/dialects/postgres/canonical.sql.ts'
import { rowHash } from '../../src/dialects/postgres/row-hash.sql.ts'
import { ident, textOf } from '../../src/dialects/sql-text.ts'
import { canonicalOf, type VectorColumn } from '../exact/hash-reference.ts'
import { ROOT } from '../structure/repository.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { postgresType, postgresValue } from '../support/postgres-value.ts'

interface Vector {
  readonly about: string
  readonly columns: readonly VectorColumn[]
  readonly canonical: Readonly<Record<string, string | null>>
  readonly sha256: string
}
const VECTORS = JSON.parse(readFileSync(path.join(ROOT, 'docs/row-hash-vectors.json'), 'utf8')) as readonly Vector[]

const sqlOf = (type: string, name: string): string => {
  const text = canonicalText(type, ident(name))
  if (text === null) throw new TypeError(`${type} has no canonical text`)
  return textOf(text)
}

const floats = fc.oneof(
  fc.double(),
  fc.double({ min: -1e5, max: 1e5 }),
  fc.double({ min: 1e14, max: 1e17 }),
  fc.integer({ min: -20, max: 20 }).map((e) => 10 ** e),
  fc.integer({ min: -1074, max: 1023 }).map((e) => 2 ** e),
  fc.maxSafeInteger(),
)
const written = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
const moments = fc
  .tuple(
    fc.integer({ min: -4700, max: 20_000 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
    fc.nat(86_399),
    fc.nat(999_999),
  )
  .map(([y, m, d, s, us]) => {
    const two = (n: number): string => String(n).padStart(2, '0')
    const time = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(us).padStart(6, '0')}`
    return [`${y < 0 ? '-' : ''}${String(Math.abs(y)).padStart(4, '0')}-${two(m)}-${two(d)}`, time] as const
  })
const RANDOM: Readonly<Record<string, fc.Arbitrary<string>>> = {
  int64: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n).map(String),
  'decimal(38,10)': fc
    .tuple(fc.constantFrom('', '-'), fc.bigInt(0n, 10n ** 28n - 1n), fc.nat(9999))
    .map(([s, a, b]) => `${s}${a}.${b}000`),
  float64: floats.map(written),
  float32: floats.map((x) => written(Math.fround(x))),
  text: fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0') && s.isWellFormed()),
  bytes: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b).toString('hex')),
  date: moments.map(([d]) => d),
  'time(6)': moments.map(([, t]) => t),
  'timestamp(6)': moments.map((m) => m.join('T')),
  'timestamptz(6)': moments.map((m) => `${m.join('T')}Z`),
}

describe.each(VERSIONS)('canonical text by PostgreSQL %s', (version) => {
  test('the published test vectors are what PostgreSQL makes of them', async () => {
    await using db = await TestDatabase.create(version)
    let compared = 0
    for (const v of VECTORS) {
      if (v.columns.some((c) => postgresType(c.type) === null)) continue
      const columns = v.columns.map((c) => ({ name: c.name, type: postgresType(c.type) ?? '', value: ident(c.name) }))
      const from = `(SELECT ${v.columns.map((c) => `${postgresValue(c.type, c.value)} AS "${c.name}"`).join(', ')}) AS q`
      const texts = columns.map((c) => sqlOf(c.type, c.name))
      const [row] = await db.rows(`SELECT ${textOf(rowHash(columns))}, ${texts.join(', ')} FROM ${from}`)
      expect([v.about, ...(row ?? [])]).toEqual([v.about, v.sha256, ...columns.map((c) => v.canonical[c.name])])
      compared += 1
    }
    expect(compared).toBeGreaterThanOrEqual(VECTORS.length - 12)
  })

  test.each(Object.entries(RANDOM))(
    'PostgreSQL and TypeScript agree on the canonical text of any %s',
    async (type, arbitrary) => {
      await using db = await TestDatabase.create(version)
      await fc.assert(
        fc.asyncProperty(fc.array(arbitrary, { minLength: 1, maxLength: 200 }), async (values) => {
          const rows = await db.rows(
            `SELECT ${sqlOf(postgresType(type) ?? '', 'v')} FROM (VALUES ${values.map((v) => `(${postgresValue(type, v)})`).join(', ')}) t(v)`,
          )
          expect(rows.map(([text]) => text)).toEqual(values.map((v) => canonicalOf(type, v)))
        }),
        { numRuns: 10 },
      )
    },
  )

  test('digits half-way between two floats are the text of the even one', async () => {
    await using db = await TestDatabase.create(version)
    const texts = async (type: string, values: readonly string[]) =>
      (
        await db.rows(
          `SELECT ${sqlOf(type, 'v')} FROM (VALUES ${values.map((v) => `(CAST('${v}' AS ${type}))`).join(', ')}) t(v)`,
        )
      ).map(([t]) => t)
    // the server itself writes 9.999999999999999e+22 and 1.7286211072967002e+17
    const wide = ['1e23', '-1e23', '1.7286211072967e17', '2.752945808091469e16', '-5.94537304031720e17', '1e38', '1e39']
    expect(await texts('double precision', wide)).toEqual(wide.map((v) => canonicalOf('float64', v)))
    expect(await texts('double precision', ['9007199254740993', '1e300', '-Infinity'])).toEqual([
      '9007199254740992',
      '1e300',
      '-Infinity',
    ])
    const narrow = ['33554432', '8.589973e9', '-8.589973e9', '159657.125', '1.262177448353619e-29', '3.4e38', '1e19']
    expect(await texts('real', narrow)).toEqual(narrow.map((v) => canonicalOf('float32', v)))
  })

  test("the values of PostgreSQL's own types have texts that tell them apart", async () => {
    await using db = await TestDatabase.create(version)
    await db.exec("CREATE TYPE mood AS ENUM ('sad', 'ok')", 'CREATE TYPE pair AS (a int, "b ""c" text)')
    const texts = async (type: string, ...values: readonly string[]) =>
      (
        await db.rows(
          `SELECT ${sqlOf(type, 'v')} FROM (VALUES ${values.map((v) => `(CAST(${v} AS ${type}))`).join(', ')}) t(v)`,
        )
      ).map(([t]) => t)
    expect(await texts('integer[]', "'{1,2}'", "'{{1},{2}}'", "'[0:1]={1,2}'", "'{}'", "'{NULL}'", 'NULL')).toEqual([
      '1:11:2',
      '[1:2][1:1]1:11:2',
      '[0:1]1:11:2',
      '',
      'N',
      null,
    ])
    expect(await texts('numeric', "'1.00'", "'1'", "'NaN'", "'Infinity'", "'0.10'")).toEqual([
      '1',
      '1',
      'NaN',
      'Infinity',
      '0.1',
    ])
    expect(await texts('time with time zone', "'12:00+02'", "'12:00:00.50-05:30'")).toEqual([
      '12:00:00+02',
      '12:00:00.5-05:30',
    ])
    expect(await texts('public.mood /* enum ["sad","ok"] */', "'ok'")).toEqual(['ok'])
    const pair = 'public.pair /* row [["a","integer"],["b \\"c","text"]] */'
    expect(await texts(pair, "ROW(1, 'x')", 'ROW(NULL, NULL)', 'NULL')).toEqual(['1:11:x', 'NN', null])
    expect(await texts('int4range', "'[1,5]'", "'empty'")).toEqual(['[1,6)', 'empty'])
    expect(await texts('interval', "'1 mon'", "'30 days'", "'-00:00:01.5'")).toEqual([
      '1 0 0',
      '0 30 0',
      '0 0 -1500000',
    ])
    expect(await texts('inet', "'10.0.0.1'", "'::1/64'")).toEqual(['10.0.0.1/32', '::1/64'])
    if (version === '18') expect(await texts('interval', "'infinity'")).toEqual(['infinity'])
  })
})

test('a type whose text is no value has no canonical text', () => {
  for (const type of ['money', 'public.hstore /* base "hstore" */', 'something', 'money[]'])
    expect([type, canonicalText(type, ident('v'))]).toEqual([type, null])
})
