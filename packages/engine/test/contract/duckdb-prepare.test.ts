import { expect, test } from 'vitest'
import { attachedSource, attachedTables } from '../../src/dialects/duckdb/names.ts'
import { duckdbKit } from '../../src/dialects/duckdb/sql-kit.ts'
import { ident } from '../../src/dialects/sql-text.ts'
import { DuckdbTarget } from '../../src/dialects/duckdb/target.ts'
import { duckdb } from '../../src/dialects/duckdb/index.ts'
import { SHARED_STATEMENTS } from '../../src/dialects/relational/statements.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { fenceOf } from './target-contract.ts'

/** What a run sends to prepare a target, twice; and whether it creates anything. */
test('a run creates only what is missing: in a prepared target with its table it sends no CREATE at all', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const { relation } = await w.planned(flowSpec())
  const limits = { memoryBytes: null, threads: 2, tempDir: null }
  await using file = await openDuckdbFile(w.targetPath, 'write', limits)
  using session = await file.session()
  const sent: string[] = []
  const run = session.run.bind(session)
  session.run = (text, params) => {
    sent.push(text)
    return run(text, params)
  }
  const catalogs = {
    kit: duckdbKit,
    source: attachedSource(file.catalog),
    target: attachedTables(file.catalog),
    work: (name: string) => ident(file.catalog, 'main', name),
    workCatalog: file.catalog,
    say: SHARED_STATEMENTS,
    secret: (reference: string) => new Secret(reference),
  }
  const target = new DuckdbTarget(file, session, catalogs, w.targetPath, null)
  const created = (): readonly string[] => sent.splice(0).filter((text) => /^\s*CREATE/.test(text))

  await target.prepare(relation, true, fenceOf(1n))
  expect(created()).toHaveLength(7) // two schemas, fence, marker, reject, settled, the table
  await target.prepare(relation, false, fenceOf(2n))
  expect(created()).toEqual([])
  await session.run(`DROP TABLE "${file.catalog}".tidemark.marker`)
  await target.prepare(relation, false, fenceOf(3n))
  expect(created().map((text) => /CREATE \w+ IF NOT EXISTS [^(]*/.exec(text)?.[0].trim())).toEqual([
    `CREATE SCHEMA IF NOT EXISTS "${file.catalog}"."tidemark"`,
    `CREATE TABLE IF NOT EXISTS "${file.catalog}"."tidemark"."marker"`,
  ])
})

test('prepareSql names the tables without the name that a file is attached under', () => {
  expect(duckdb.prepareSql().map((text) => text.split(' (')[0])).toEqual([
    'CREATE SCHEMA IF NOT EXISTS "tidemark";',
    'CREATE TABLE IF NOT EXISTS "tidemark"."fence"',
    'CREATE TABLE IF NOT EXISTS "tidemark"."marker"',
    'CREATE TABLE IF NOT EXISTS "tidemark"."marker_reject"',
    'CREATE TABLE IF NOT EXISTS "tidemark"."settled"',
  ])
})
