import { afterAll, beforeAll, expect, test } from 'vitest'
import { findLoss } from '../../src/dialects/duckdb/narrowing.ts'
import { tryCast } from '../../src/dialects/duckdb/try-cast.sql.ts'
import { sameContent } from '../../src/dialects/duckdb/types.ts'
import { ident, textOf } from '../../src/dialects/sql-text.ts'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { NESTED_SAMPLES, samplesOf, SCALAR_SAMPLES } from './sample-values.ts'

const TYPES = [...Object.keys(SCALAR_SAMPLES), ...Object.keys(NESTED_SAMPLES)]
const PAIRS = TYPES.flatMap((from) => TYPES.filter((to) => to !== from).map((to) => [from, to] as const))
const BY_CHANCE = 60

let file: DuckdbFile
let session: DuckdbSession
const table = (type: string): string => `v${TYPES.indexOf(type)}`

beforeAll(async () => {
  file = await openDuckdbFile(IN_MEMORY, 'write', { memoryBytes: null, threads: null, tempDir: null })
  session = await file.session()
  await session.run(`USE ${file.catalog}`)
  for (const type of TYPES) {
    await session.run(`CREATE TABLE ${table(type)} (v ${type})`)
    for (const value of samplesOf(type, BY_CHANCE)) await session.run(`INSERT INTO ${table(type)} VALUES (${value})`)
  }
})
afterAll(async () => {
  await session.run('USE memory')
  session.close()
  await file[Symbol.asyncDispose]()
})

/** where the way back is missing or broken in DuckDB: compared by their text */
const ONE_WAY: readonly (readonly [string, string])[] = [
  ...TYPES.map((from) => [from, 'BIGNUM'] as const),
  ['TIMESTAMP_S', 'TIMESTAMP_MS'],
  ['TIME_NS', 'TIME'],
]

/** Values of `from` that come back from `to` as they were, and those that do not; null: DuckDB has no such cast. */
async function thereAndBack(from: string, to: string) {
  const byText = ONE_WAY.some(([f, t]) => f === from && t === to)
  const type = byText ? 'VARCHAR' : from
  const back = textOf(tryCast(to, type, tryCast(from, to, ident('v'))))
  const there = `CAST(v AS ${type})`
  const same = textOf(sameContent(type, ident('a'), ident('b')))
  try {
    const rows = await session.rows(
      `SELECT ${same}, CAST(a AS VARCHAR) FROM (SELECT ${there} AS a, ${back} AS b FROM ${table(from)} WHERE v IS NOT NULL)`,
    )
    return { kept: rows.filter(([ok]) => ok === 'true'), lost: rows.filter(([ok]) => ok !== 'true').map(([, v]) => v) }
  } catch (error) {
    if (/Unimplemented type for cast|Cannot cast|Type .* can't be cast|not supported/.test(String(error))) return null
    throw new Error(`${from} → ${to}: ${String(error)}`, { cause: error })
  }
}

test('a cast that is called lossless loses no value: there and back in DuckDB, for every pair of types', async () => {
  const wrong: unknown[] = []
  for (const [from, to] of PAIRS) {
    if (findLoss(from, to) !== null) continue
    const result = await thereAndBack(from, to)
    if (result === null || result.lost.length > 0) wrong.push([from, to, result?.lost.slice(0, 3) ?? 'no cast'])
  }
  expect(wrong).toEqual([])
})

/** Of a text or a nested value there are too many shapes for one to fit everywhere by chance. */
const keepsSome = (from: string, to: string): boolean =>
  from !== 'VARCHAR' && from in SCALAR_SAMPLES && to in SCALAR_SAMPLES

test('a cast that is said to lose values loses some and keeps some, for every pair of types', async () => {
  const wrong: unknown[] = []
  for (const [from, to] of PAIRS) {
    if (findLoss(from, to)?.of !== 'values') continue
    const result = await thereAndBack(from, to)
    if (result === null || result.lost.length === 0 || (keepsSome(from, to) && result.kept.length === 0))
      wrong.push([from, to, result === null ? 'no cast' : `${result.kept.length} kept, ${result.lost.length} lost`])
  }
  expect(wrong).toEqual([])
})
