import { afterAll, beforeAll, expect, test } from 'vitest'
import { exactCast } from '../../src/dialects/duckdb/try-cast.sql.ts'
import { ident, textOf } from '../../src/dialects/sql-text.ts'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'

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

/** from, to, texts of values that arrive, texts of values that are rejects */
const CASES: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['DECIMAL(18,4)', 'DECIMAL(18,2)', ['1.5000', '-0.2500'], ['1.5001', '12345678901234.5678']],
  ['BIGINT', 'INTEGER', ['2147483647'], ['2147483648', '9223372036854775807']],
  ['BIGINT', 'DOUBLE', ['9007199254740992', '-5'], ['9007199254740993']],
  ['DOUBLE', 'INTEGER', ['7', '-7'], ['7.5', 'nan', 'inf', '-0.0', '1e300']],
  ['DOUBLE', 'DECIMAL(10,1)', ['0.5'], ['0.25', 'nan']],
  ['DOUBLE', 'FLOAT', ['0.5', '-0.0'], ['0.1', '1e300']],
  ['DATE', 'TIMESTAMP', ['2024-01-31', 'infinity'], ['5881580-07-10']],
  ['TIMESTAMP', 'DATE', ['2024-01-31 00:00:00'], ['2024-01-31 00:00:01']],
  ['TIMESTAMP', 'TIMESTAMP_S', ['2024-01-31 00:00:01'], ['2024-01-31 00:00:01.5']],
  ['TIMESTAMP', 'TIMESTAMP_NS', ['2024-01-31 00:00:01'], ['2300-01-01 00:00:00', '0044-03-15 (BC) 00:00:00']],
  ['TIMESTAMP_MS', 'TIMESTAMP_S', ['2024-01-31 00:00:01'], ['2024-01-31 00:00:01.5']],
  ['TIMESTAMP_NS', 'TIMESTAMP', ['2024-01-31 00:00:01.000001'], ['2024-01-31 00:00:01.000000001']],
  ['TIME_NS', 'TIME', ['12:00:00.5'], ['12:00:00.000000001']],
  ['BIGNUM', 'BIGINT', ['5', '-9223372036854775808'], ['-99999999999999999999']],
  ['UNION(n BIGINT, s VARCHAR)', 'UNION(n INTEGER, s VARCHAR)', [], ['1', 'x']],
  ["ENUM('a', 'b')", "ENUM('b')", ['b'], ['a']],
  ['BIGINT[]', 'INTEGER[]', ['[1, NULL]'], ['[1, 9223372036854775807]']],
  ['VARCHAR', 'INTEGER', ['7', '007', '7.0', '7e0', '+7', '-7'], ['7.5', '', 'x', '2147483648', '70e-2']],
  ['VARCHAR', 'HUGEINT', ['170141183460469231731687303715884105727'], ['170141183460469231731687303715884105728']],
  ['VARCHAR', 'DECIMAL(18,2)', ['1.50', '1.500', '15e-1'], ['1.505', 'x', '']],
  ['VARCHAR', 'DATE', ['2024-01-31', '2024-01-31 00:00:00'], ['2024-01-31 12:00:00', '2024-02-30', 'x']],
  [
    'VARCHAR',
    'TIMESTAMP',
    ['2024-01-31 12:00:00.123456', '2024-01-31T12:00:00.1234560'],
    ['2024-01-31 12:00:00.1234567', 'x'],
  ],
  ['VARCHAR', 'TIMESTAMP_S', ['2024-01-31 12:00:00', '2024-01-31 12:00:00.000'], ['2024-01-31 12:00:00.5']],
  ['VARCHAR', 'UUID', ['7F8D53EC-B98C-F011-B86B-005056A2DD37'], ['7F8D']],
  ['VARCHAR', 'BOOLEAN', ['true', 'f'], ['perhaps']],
  ['VARCHAR', "ENUM('a', 'b')", ['a'], ['c']],
]

async function arriving(from: string, to: string, texts: readonly string[]) {
  const rows = await session.rows(
    `SELECT t, ${textOf(exactCast(from, to, ident('v')))} IS NOT NULL FROM (SELECT t, CAST(t AS ${from}) AS v FROM (SELECT unnest(CAST(CAST(? AS JSON) AS VARCHAR[])) AS t))`,
    [JSON.stringify(texts)],
  )
  return rows.filter(([, arrives]) => arrives === 'true').map(([text]) => text)
}

test('a declared cast takes what arrives exactly, and nothing else', async () => {
  for (const [from, to, fit, unfit] of CASES)
    expect([from, to, await arriving(from, to, [...fit, ...unfit])]).toEqual([from, to, fit])
})
