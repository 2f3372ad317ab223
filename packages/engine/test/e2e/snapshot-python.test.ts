/** What others make of our files: the published row hash in Python, and images as pyarrow reads them. */
import path from 'node:path'
import { SnapshotDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { ROOT } from '../structure/repository.ts'
import { HAS_PYARROW, HAS_PYTHON, python } from '../support/python.ts'
import { emptyProject, PROJECT_YAML } from './project.ts'

test.skipIf(!HAS_PYTHON)('the published test vectors are what Python makes of them, with its own library alone', () => {
  expect(python('row_hash.py', path.join(ROOT, 'docs/row-hash-vectors.json'))).toMatch(/^\d{3} vectors reproduced\n$/)
})

/** column → its type in the source, some values there, and the source's text in pyarrow's full digits */
const COLUMNS: Readonly<Record<string, readonly [type: string, values: readonly string[], text: string]>> = {
  id: ['BIGINT', [], 'CAST(id AS VARCHAR)'],
  big: ['BIGINT', ['-9223372036854775808', '9223372036854775807', '9007199254740993'], 'CAST(big AS VARCHAR)'],
  money: ['DECIMAL(18,4)', ['-99999999999999.9999', '0.0001', '0'], 'CAST(money AS VARCHAR)'],
  wide: [
    'DECIMAL(38,10)',
    ["'-9999999999999999999999999999.9999999999'", "'12345678901234567.0123456789'"],
    'CAST(wide AS VARCHAR)',
  ],
  at: [
    'TIMESTAMP',
    ["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2026-11-30 12:00:00.000001'"],
    `strftime("at", '%Y-%m-%dT%H:%M:%S.%f')`,
  ],
  zoned: [
    'TIMESTAMPTZ',
    ["'2026-10-25 01:30:00.5+01'", "'1970-01-01 00:00:00+00'"],
    `strftime(zoned AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`,
  ],
  fine: [
    'TIMESTAMP_NS',
    ["'2262-04-11 23:47:16.854775806'", "'1969-12-31 23:59:59.999999999'"],
    "strftime(fine, '%Y-%m-%dT%H:%M:%S.%n')",
  ],
  day: ['DATE', ["'0001-01-01'", "'2024-02-29'", "'9999-12-31'"], 'CAST(day AS VARCHAR)'],
  clock: ['TIME', ["'23:59:59.999999'", "'00:00:00'"], "strftime(DATE '2000-01-01' + clock, '%H:%M:%S.%f')"],
  yes: ['BOOLEAN', ['true', 'false'], 'CAST(yes AS VARCHAR)'],
  name: ['VARCHAR', ["''", "'NULL'", "' Gdańsk ☕'"], 'name'],
  raw: ['BLOB', ["'\\x00\\xFF'", "''"], 'lower(hex(raw))'],
}

test.skipIf(!HAS_PYARROW)(
  'pyarrow reads images: decimals, 64-bit integers and times are those of the source, and so are row hashes',
  async () => {
    await using p = emptyProject({
      'tidemark.yaml': PROJECT_YAML,
      'modules/m.yaml': `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: snapshot
      apply: none
`,
    })
    const random: Readonly<Record<string, string>> = {
      id: 'i',
      big: 'CAST(hash(i) % 9223372036854775807 AS BIGINT) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)',
      money: 'CAST(hash(i) % 999999999999 AS DECIMAL(18,4)) / 7',
      wide: "CAST(hash(i) || '.' || printf('%010d', i * 7919) AS DECIMAL(38,10))",
      at: "TIMESTAMP '2026-01-01' + to_microseconds(CAST(hash(i) % 99999999999999 AS BIGINT))",
      zoned: "TIMESTAMPTZ '2026-01-01 00:00:00+00' - to_microseconds(CAST(hash(i) % 99999999999999 AS BIGINT))",
      fine: 'make_timestamp_ns(CAST(hash(i) % 9223372036854775800 AS BIGINT))',
      day: "DATE '1900-01-01' + CAST(hash(i) % 99999 AS INTEGER)",
      clock: "TIME '00:00:00' + to_microseconds(CAST(hash(i) % 86400000000 AS BIGINT))",
      yes: 'i % 3 = 0',
      name: "repeat('ü', i % 40)",
      raw: "encode(repeat('ü', i % 9))",
    }
    const names = Object.keys(COLUMNS)
    await p.duckdb(
      'data/a.duckdb',
      `CREATE TABLE src (${names.map((name) => `"${name}" ${COLUMNS[name]?.[0]}`).join(', ')})`,
      `INSERT INTO src SELECT ${names.map((name) => random[name]).join(', ')} FROM range(500) t(i)`,
      `INSERT INTO src (id) VALUES (1000)`,
      ...Object.entries(COLUMNS).flatMap(([name, [type, values]], c) =>
        values.map(
          (value, v) => `INSERT INTO src (id, "${name}") VALUES (${2000 + c * 10 + v}, CAST(${value} AS ${type}))`,
        ),
      ),
    )
    const { snapshots } = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--deploy'])
    const { image } = await p.json(SnapshotDocument, ['snapshot', 'show', snapshots[0]?.snapshot ?? ''])
    const read = JSON.parse(python('read_image.py', image ?? '')) as {
      readonly texts: Readonly<Record<string, string | null>>
      readonly row_hash: string
    }[]
    const texts = names.map((name) => COLUMNS[name]?.[2])
    const source = await p.rows('data/a.duckdb', `SELECT ${texts.join(', ')} FROM src ORDER BY id`)
    const byId = read.toSorted((a, b) => Number(a.texts['id']) - Number(b.texts['id']))
    expect(byId.map((row) => names.map((name) => row.texts[name] ?? null))).toEqual(source)
    const hashes = await p.rows(
      '.tidemark/snapshots/m.t.duckdb',
      "SELECT row_hash FROM hot_row ORDER BY CAST(key ->> '$[0]' AS BIGINT)",
    )
    expect(byId.map((row) => row.row_hash)).toEqual(hashes.map(([hash]) => hash))
  },
)
