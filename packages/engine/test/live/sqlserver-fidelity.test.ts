/** Every type of SQL Server with its extremes to another engine and back: bit for bit, or the plan refuses its column. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { abilitiesOf, bitsOf, columnOf, tableOf } from '../support/sqlserver-bits.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { TransferProject } from '../support/transfer-project.ts'

/** a project takes a password by reference alone */
const SECRETS = mkdtempSync(join(tmpdir(), 'tidemark-sqlserver-'))
writeFileSync(join(SECRETS, 'url'), TEST_SERVER ?? '')
afterAll(() => rmSync(SECRETS, { recursive: true }))

/** Opening a session and asking the catalog may take seconds there. */
const LONG = 300_000

const flow = (from: string, to: string, columns = ''): string => `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [id]
      capture: backfill
      apply: insert-missing
${columns}`
const office = (db: SqlServerDatabase): string =>
  `{ kind: sqlserver, url: "file:${join(SECRETS, 'url')}", database: ${db.name} }`

/** Types of which the other engine does not hold every value: a second has a million parts there. */
const REFUSED = { DuckDB: ['datetime2(7)'], PostgreSQL: ['time(7)', 'datetime2(7)'] } as const

const ENGINES = {
  DuckDB: async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-lake-'))
    return {
      connection: `{ kind: duckdb, path: "${join(dir, 'lake.duckdb')}" }`,
      [Symbol.asyncDispose]: () => Promise.resolve(rmSync(dir, { recursive: true })),
    }
  },
  PostgreSQL: async () => {
    const db = await TestDatabase.create('18')
    return {
      connection: `{ kind: postgres, url: "${db.url}" }`,
      [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
    }
  },
} as const

describe.skipIf(TEST_SERVER === null)('fidelity of SQL Server', { timeout: LONG }, () => {
  test.each(['DuckDB', 'PostgreSQL'] as const)('every type goes to %s and comes back bit for bit', async (engine) => {
    await using a = await SqlServerDatabase.create()
    await using b = await SqlServerDatabase.create()
    await using there = await ENGINES[engine]()
    const { samples, untried } = await abilitiesOf(a)
    const { table, rows } = tableOf(samples)
    await a.exec(table, ...rows)
    await b.exec(table)
    const places = samples.map((_, i) => i)
    const typeOf = (name: string): string => samples[Number(name.slice(1))]?.type ?? name

    await using first = await TransferProject.open({ a: office(a), there: there.connection }, flow('a', 'there'))
    const refused = (await first.plan()).columns.filter((c) => c.fidelity === 'refused')
    expect(refused.map((c) => typeOf(c.source))).toEqual(
      REFUSED[engine].filter((x) => samples.some(({ type }) => type === x)),
    )
    const kept = places.filter((i) => !refused.some((c) => c.source === columnOf(i)))
    const without = `      columns: { include: [id, ${kept.map((i) => columnOf(i)).join(', ')}] }\n`
    await using out = await TransferProject.open({ a: office(a), there: there.connection }, flow('a', 'there', without))
    expect((await out.plan()).columns.filter((c) => c.fidelity !== 'lossless')).toEqual([])
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: rows.length } })

    // what came as a wider type is cast to what it was; a server that cannot try that is asked for the others
    await using wide = await TransferProject.open({ there: there.connection, b: office(b) }, flow('there', 'b'))
    const narrower = (await wide.plan()).columns.filter((c) => c.fidelity === 'refused').map((c) => c.source)
    const back = kept.filter((i) => !narrower.includes(columnOf(i)) || !untried.has(samples[i]?.type ?? ''))
    const casts = narrower.filter((name) => back.some((i) => columnOf(i) === name))
    const columns = `      columns: { include: [id, ${back.map((i) => columnOf(i)).join(', ')}], cast: { ${casts
      .map((name) => `${name}: "${typeOf(name)}"`)
      .join(', ')} } }\n`
    await using home = await TransferProject.open(
      { there: there.connection, b: office(b) },
      flow('there', 'b', columns),
    )
    expect(await home.run()).toMatchObject({
      error: null,
      status: 'succeeded',
      rows: { inserted: rows.length, rejected: 0 },
    })
    expect(await bitsOf(b, samples, back)).toEqual(await bitsOf(a, samples, back))
  })
})
