/** Source and target are two databases, and the target sees the source's tables through postgres_fdw. */
import { describe, expect, test } from 'vitest'
import { openPostgresBench } from '../../src/dialects/postgres/bench.ts'
import { postgres } from '../../src/dialects/postgres/index.ts'
import { at, delivered, row, rows, TABLE } from '../support/flat.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { connectionTo, postgresEnds } from '../support/postgres-ends.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import type { Version } from '../support/postgres-server.ts'
import { openWorldsWith, type WorldEnds } from '../support/world-ends.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const importing = ({ options }: TestDatabase): readonly string[] => [
  'CREATE EXTENSION postgres_fdw',
  `CREATE SERVER office FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${options.host}', port '${options.port}', dbname '${options.database}')`,
  `CREATE USER MAPPING FOR CURRENT_USER SERVER office OPTIONS (user '${options.user}')`,
  'CREATE SCHEMA seen',
  'IMPORT FOREIGN SCHEMA office FROM SERVER office INTO seen',
]

/** A world whose source is the database `other`, and whose target is one of its own. */
async function acrossDatabases(version: Version): Promise<World> {
  const [there, here] = [await postgresEnds(version), await postgresEnds(version)]
  const ends: WorldEnds = {
    ...here,
    exec: (side, statements) => (side === 'source' ? there : here).exec(side, statements),
    rows: (side, query) => (side === 'source' ? there : here).rows(side, query),
    openBench: async (flow, options, hooks) => {
      const source = { id: flow.source.connection, options: connectionTo(there.db, 'source') }
      const target = { id: flow.target.connection, options: connectionTo(here.db, 'target') }
      const bench = await openPostgresBench({ ...options, source, target }, hooks)
      return { bench, dialect: postgres, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]()
      await there[Symbol.asyncDispose]()
    },
  }
  openWorldsWith(() => Promise.resolve(ends))
  const world = await openWorld()
  await world.source(TABLE, rows(20))
  await world.target(...importing(there.db))
  return world
}

describe.each(LONG_VERSIONS)('foreign tables of PostgreSQL %s', (version) => {
  test('rows of another database land by statements of the target, in windows that the source itself decides', async () => {
    await using w = await acrossDatabases(version)
    const flow = flowSpec()
    const plan = await w.planned(flow)
    expect(plan.lane).toBe('pushdown')
    expect(await w.run(flow, { batchRows: 6 })).toMatchObject({
      state: 'succeeded',
      batches: 4,
      rows: { inserted: 20n },
    })
    await w.source(
      "UPDATE src SET name = 'new', modified_on = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = 3",
      row(30, 'late', at(3)),
    )
    expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { updated: 1n, inserted: 0n } })
    expect(await w.run(flowSpec({ capture: { kind: 'backfill', options: {} } }), { acceptChange: true })).toMatchObject(
      {
        rows: { inserted: 1n },
      },
    )
    expect(await delivered(w)).toEqual(await w.sourceRows('SELECT id, name FROM src ORDER BY id, name'))
  })

  test('a table that the target does not see is named, and what would have to be there', async () => {
    await using w = await acrossDatabases(version)
    await w.source('CREATE TABLE unseen (id BIGINT, name VARCHAR, modified_on TIMESTAMP)')
    const flow = flowSpec()
    await using opened = await w.deps().openBench(flow, null)
    const { relation } = await w.planned(flow)
    const unseen = { ...relation, source: { ...relation.source, table: ['unseen'] } }
    expect(opened.bench.lanes(relation).pushdown).toMatchObject({ possible: true })
    const { pushdown } = opened.bench.lanes(unseen)
    expect(pushdown.possible).toBe(false)
    expect(pushdown.why).toContain('has no foreign table for unseen of 127.0.0.1')
  })

  test('an open transaction of the source holds back a run that reads it through the target', async () => {
    await using w = await acrossDatabases(version)
    await w.source('BEGIN', "INSERT INTO src VALUES (99, 'open', clock_timestamp() AT TIME ZONE 'UTC')")
    const plan = await w.planned(flowSpec())
    expect(plan.window?.decidedBy).toBe('ceiling')
    await w.source('COMMIT')
    expect((await w.planned(flowSpec())).window?.decidedBy).toBe('clock')
  })
})
