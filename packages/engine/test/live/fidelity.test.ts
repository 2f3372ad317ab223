/** Every type with its extremes between two engines: it arrives bit for bit, or the plan refuses its column. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { ALIKE, bitsOf, BY_TEXT, DOMAINS, OWN_TYPES, tableOf } from '../support/postgres-extremes.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { TransferProject } from '../support/transfer-project.ts'

const flow = (from: string, to: string, more = ''): string => `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [id]
      capture: { kind: watermark, position: modified_on, buffer: 0s }
      apply: latest
${more}`
const at = (db: TestDatabase): string => `{ kind: postgres, url: "${db.url}" }`

const between = (a: TestDatabase, b: TestDatabase, more = '', hit?: (at: string) => Promise<void>) =>
  TransferProject.open({ a: at(a), b: at(b) }, flow('a', 'b', more), hit)

describe.each(LONG_VERSIONS)('fidelity on PostgreSQL %s', (version) => {
  test.each(['relay', 'spool'] as const)('types that both servers have arrive bit for bit by %s', async (lane) => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    const { table, rows } = tableOf(ALIKE)
    await a.exec(...DOMAINS, table, ...rows)
    await using project = await between(a, b)
    const planned = await project.plan({ lane })
    expect(planned.columns.filter((c) => c.fidelity !== 'lossless')).toEqual([])
    expect(await project.run({ lane })).toMatchObject({ error: null, lane, status: 'succeeded', rows: { rejected: 0 } })
    expect(await bitsOf(b)).toEqual(await bitsOf(a))
    // into a table of the same domains, which takes no foreign bytes
    await b.exec('DROP TABLE t', 'DROP SCHEMA tidemark CASCADE', ...DOMAINS, table)
    await using again = await between(a, b)
    expect(await again.run({ lane })).toMatchObject({ error: null, lane, status: 'succeeded' })
    expect(await bitsOf(b)).toEqual(await bitsOf(a))
    expect(await again.run({ lane, full: true })).toMatchObject({
      error: null,
      rows: { skipped_same: rows.length, updated: 0 },
    })
  })

  test("types of people's own, and documents, arrive as text", async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    const { table, rows } = tableOf(BY_TEXT)
    await a.exec(...OWN_TYPES, table, ...rows)
    // other numbers
    await b.exec("CREATE TYPE first AS ENUM ('x')", ...OWN_TYPES)
    await using project = await between(a, b)
    const planned = await project.plan()
    expect(planned.columns.filter((c) => c.fidelity !== 'lossless')).toEqual([])
    expect(planned.lane).toBe('spool')
    expect(await project.run()).toMatchObject({ error: null, lane: 'spool', status: 'succeeded' })
    expect(await bitsOf(b)).toEqual(await bitsOf(a))
    await expect(project.plan({ lane: 'relay' })).rejects.toMatchObject({ message: expect.stringContaining('number') })
  })

  test('a type that the target lacks is refused in the plan, one that is made otherwise too', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec(
      ...OWN_TYPES,
      'CREATE TABLE t (id bigint PRIMARY KEY, modified_on timestamptz, m mood, ms mood[], p "Odd Pair", x money)',
      `INSERT INTO t VALUES (1, '2026-01-01', 'sad', '{}', NULL, 1)`,
    )
    await b.exec("CREATE TYPE mood AS ENUM ('sad')")
    await using project = await between(a, b)
    const planned = await project.plan()
    expect(planned.stops).toMatchObject({ code: 'TM4107' })
    expect(planned.columns.filter((c) => c.fidelity === 'refused').map((c) => [c.source, c.reason])).toEqual([
      ['m', expect.stringContaining('a public.mood does not hold every public.mood')],
      ['ms', expect.stringContaining('does not hold every')],
      ['p', expect.stringContaining('this database has no type public."Odd Pair": make it there')],
      ['x', expect.stringContaining('cast it to numeric')],
    ])
    await expect(project.run()).rejects.toMatchObject({ code: 'TM4107' })
    expect(await b.rows("SELECT to_regclass('t')")).toEqual([[null]])
    await using cast = await between(
      a,
      b,
      '      columns: { cast: { m: text, ms: text, p: text, x: "numeric(20,2)" } }\n',
    )
    expect(await cast.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 1, rejected: 0 } })
    expect(await b.rows('SELECT m, ms, x FROM t')).toEqual([['sad', '{}', '1.00']])
  })

  test('every type with a meaning elsewhere goes to DuckDB and comes back bit for bit, the others are refused', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    const { table, rows } = tableOf(ALIKE)
    await a.exec(...DOMAINS, table, ...rows)
    const types = Object.keys(ALIKE)
    const lake = '{ kind: duckdb, path: lake.duckdb }'
    await using all = await TransferProject.open({ a: at(a), lake }, flow('a', 'lake'))
    const planned = await all.plan()
    const refused = planned.columns.filter((c) => c.fidelity === 'refused')
    expect(refused.every((c) => c.reason !== null)).toBe(true)
    expect(refused.map((c) => types[Number(c.source.slice(1))])).toEqual([
      'numeric',
      'timetz',
      'interval',
      'bit(3)',
      'varbit',
      'inet',
      'cidr',
      'macaddr',
      'macaddr8',
      'int4range',
      'numrange',
      'tstzrange',
      'int8multirange',
      'datemultirange',
      'integer[]',
      'text[]',
      'numeric(10,2)[]',
      'timestamptz[]',
      'bytea[]',
      'tsvector',
      'pg_lsn',
      'point',
      'positive[]',
    ])
    const columns = `      columns: { exclude: [${refused.map((c) => c.source).join(', ')}] }\n`
    await using out = await TransferProject.open({ a: at(a), lake }, flow('a', 'lake', columns))
    // a decimal of DuckDB's is a number
    const failed = await out.run()
    expect(failed).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('NaN') } })
    const decimals = types.flatMap((type, i) => (type.startsWith('numeric(') && !type.endsWith(']') ? [`c${i}`] : []))
    await a.exec(...decimals.map((c) => `UPDATE t SET ${c} = 0 WHERE ${c} = 'NaN'`))
    expect((await out.runAll({ fresh: true })).runs).toMatchObject([{ error: null, status: 'succeeded' }])
    await b.exec(
      ...DOMAINS,
      table.replaceAll('jsonb', 'json'),
      ...refused.map((c) => `ALTER TABLE t DROP COLUMN ${c.source}`),
    )
    await a.exec(
      ...refused.map((c) => `ALTER TABLE t DROP COLUMN ${c.source}`),
      // what says the same in a json, which keeps it as it stands
      `ALTER TABLE t ALTER c${types.indexOf('jsonb')} TYPE json`,
    )
    await using back = await TransferProject.open(
      { lake: `{ kind: duckdb, path: "${join(out.dir, 'lake.duckdb')}" }`, b: at(b) },
      flow('lake', 'b', '      columns: { cast: CASTS }\n'.replace('CASTS', castsBack(types))),
    )
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', rows: { rejected: 0 } })
    expect(await bitsOf(b)).toEqual(await bitsOf(a))
  })
})

/** DuckDB has one type for them: the narrower one of the table takes what fits. */
function castsBack(types: readonly string[]): string {
  const narrower: Readonly<Record<string, string>> = {
    'varchar(3)': 'varchar(3)',
    'char(4)': 'char(4)',
    name: 'name',
    'time(0)': 'time(0)',
    'timestamp(3)': 'timestamp(3)',
    xid8: 'xid8',
    short: 'varchar(3)',
  }
  const casts = types.flatMap((type, i) => (narrower[type] === undefined ? [] : [`c${i}: "${narrower[type]}"`]))
  return `{ ${casts.join(', ')} }`
}
