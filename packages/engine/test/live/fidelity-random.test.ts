/** Rows of random values go from PostgreSQL to DuckDB and back. */
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG, LONG_VERSIONS } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { bitsOf } from '../support/postgres-extremes.ts'
import { TransferProject } from '../support/transfer-project.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const float = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
const bigInt = (bits: bigint) => fc.bigInt(-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n).map(String)
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\.', '"', ',', '\n', '\r', '\\N', 'NULL', '')))
  .map((parts) => parts.join('').replaceAll('\0', ''))
  .filter((s) => s.isWellFormed())
/** microseconds from the first moment of 4713 BC to the last that DuckDB has */
const moment = fc.bigInt(-210_866_803_200_000_000n, 9_223_371_331_199_999_999n)
const at = (zone: string) =>
  moment.map(
    (us) =>
      `(timestamp${zone} 'epoch' + interval '${us / 86_400_000_000n} days' + interval '${us % 86_400_000_000n} microseconds')`,
  )

const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  boolean: fc.boolean().map(String),
  smallint: bigInt(16n).map(quoted),
  integer: bigInt(32n).map(quoted),
  bigint: bigInt(64n).map(quoted),
  'numeric(38,10)': fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n).map((n) => quoted(`${n}e-10`)),
  'numeric(7,2)': fc.integer({ min: -9_999_999, max: 9_999_999 }).map((n) => quoted(`${n}e-2`)),
  real: fc.float().map((x) => quoted(float(x))),
  'double precision': fc.double().map((x) => quoted(float(x))),
  text: text.map(quoted),
  bytea: fc.uint8Array({ maxLength: 40 }).map((b) => quoted(`\\x${Buffer.from(b).toString('hex')}`)),
  uuid: fc.uuid().map(quoted),
  date: fc.integer({ min: -2_440_588, max: 106_741_034 }).map((n) => `(date 'epoch' + ${n})`),
  time: fc.bigInt(0n, 86_400_000_000n - 1n).map((us) => `(time '00:00' + interval '${us} microseconds')`),
  timestamp: at(''),
  timestamptz: at('tz'),
  json: fc.json().map((j) => quoted(j)),
}
const TYPES = Object.keys(VALUES)
const rows = fc.array(
  fc.tuple(...Object.values(VALUES).map((value) => fc.oneof({ weight: 5, arbitrary: value }, fc.constant('NULL')))),
  { minLength: 1, maxLength: 20 },
)
const TABLE = `CREATE TABLE t (id bigint PRIMARY KEY, ${TYPES.map((type, i) => `c${i} ${type}`).join(', ')})`
const flow = (from: string, to: string): string => `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [id]
      capture: backfill
      apply: insert-missing
`

describe.each(LONG_VERSIONS)('random rows of PostgreSQL %s', (version) => {
  test('any row goes to DuckDB and comes back bit for bit', { timeout: 600_000 }, async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec(TABLE)
    const url = (db: TestDatabase): string => `{ kind: postgres, url: "${db.url}" }`
    await using out = await TransferProject.open(
      { a: url(a), lake: '{ kind: duckdb, path: lake.duckdb }' },
      flow('a', 'lake'),
    )
    await using back = await TransferProject.open(
      { lake: `{ kind: duckdb, path: "${join(out.dir, 'lake.duckdb')}" }`, b: url(b) },
      flow('lake', 'b'),
    )
    let id = 0
    const sound = { error: null, status: 'succeeded' }
    await fc.assert(
      fc.asyncProperty(rows, async (values) => {
        // what came before is there already, and what failed is given up
        await a.exec('DELETE FROM t')
        await a.exec(`INSERT INTO t VALUES ${values.map((row) => `(${[(id += 1), ...row].join(', ')})`).join(', ')}`)
        expect(await out.run({ fresh: true })).toMatchObject({ ...sound, rows: { inserted: values.length } })
        expect(await back.run({ fresh: true })).toMatchObject({ ...sound, rows: { inserted: values.length } })
        const first = `SELECT * FROM t WHERE id > ${id - values.length}`
        await a.exec(`CREATE OR REPLACE VIEW last AS ${first}`)
        await b.exec(`CREATE OR REPLACE VIEW last AS ${first}`)
        expect(await bitsOf(b, 'last')).toEqual(await bitsOf(a, 'last'))
      }),
      { numRuns: LONG ? 300 : 30 },
    )
  })
})
