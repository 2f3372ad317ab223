/** Archives of snapshots in PostgreSQL, through the command line; and what the docs promise to whoever had them before. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ArchivesDocument, CleanupDocument, ValidateDocument } from '@tidemark/contract/archive-documents'
import { SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import { ordersProject, PROJECT, taken } from '../e2e/archive-project.ts'
import { emptyProject } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'

const docs = (name: string): string => readFileSync(path.resolve(import.meta.dirname, '../../../../docs', name), 'utf8')

const variablesOf = ({ options }: TestDatabase): string =>
  Object.entries({ HOST: options.host, PORT: options.port, DB: options.database, USER: options.user })
    .map(([name, value]) => `KESTRA_POSTGRES_${name}=${value}\n`)
    .join('')

describe.each(LONG_VERSIONS)('snapshots archived in PostgreSQL %s', (version) => {
  test('a connection, or the variables of an earlier system, say which database archives go to', async () => {
    await using db = await TestDatabase.create(version)
    for (const by of ['connection', 'variables']) {
      const postgres = PROJECT.replace('files, path: archive', `postgres, url: "${db.url}"`)
      await using p = await ordersProject(by === 'connection' ? { project: postgres } : { archive: '' })
      if (by === 'variables') p.write('.env', variablesOf(db))
      const first = await taken(p)
      const second = await taken(p)
      const { archives } = await p.json(ArchivesDocument, ['snapshot', 'archive'])
      const location = `${db.options.host}:${db.options.port}/${db.options.database}`
      expect(archives).toMatchObject([
        { snapshot: second, state: 'archived', location, connection: by === 'connection' ? 'inbox' : null },
        { snapshot: first, state: 'archived' },
      ])
      await p.ok('snapshot', 'validate', '--full')
      const functions = `SELECT is_valid FROM tidemark.validate_archive_integrity('${first}')`
      expect(await db.rows(functions)).toEqual([['t']])
      await p.ok('snapshot', 'restore', first, '--to', 'out.csv')
      await p.ok('snapshot', 'tag', first, 'hold=true')
      expect(await db.rows(`SELECT tags ->> 'hold' FROM tidemark.archive WHERE snapshot = '${first}'`)).toEqual([
        ['true'],
      ])
      await db.exec(
        `UPDATE tidemark.archive_chunk SET bytes = set_byte(bytes, 9, get_byte(bytes, 9) # 1) WHERE snapshot = '${first}'`,
      )
      expect(await db.rows(functions)).toEqual([['f']])
      const found = await p.json(ValidateDocument, ['snapshot', 'validate', first], 1)
      expect(found.archives[0]?.problems.map(({ what }) => what)).toEqual(['sha256'])
      await db.exec('TRUNCATE tidemark.archive, tidemark.archive_chunk')
      expect(
        (await p.json(ValidateDocument, ['snapshot', 'validate'], 1)).archives.map((a) => a.problems[0]?.what),
      ).toEqual(['gone', 'gone'])
    }
  })

  test('what a function of the server deleted, cleanup forgets', async () => {
    await using db = await TestDatabase.create(version)
    const project = PROJECT.replace('files, path: archive', `postgres, url: "${db.url}"`)
    await using p = await ordersProject({ project, archive: 'connection: inbox, retain: 1ms' })
    const first = await taken(p)
    await taken(p)
    await db.exec("UPDATE tidemark.archive SET taken_at = taken_at - interval '100 days'")
    expect(await db.rows('SELECT snapshot FROM tidemark.cleanup_old_archives(90)')).toEqual([[first]])
    await p.json(ValidateDocument, ['snapshot', 'validate'], 1)
    const { archives } = await p.json(CleanupDocument, ['snapshot', 'cleanup', '--yes'])
    expect(archives.map(({ snapshot }) => snapshot)).toEqual([first])
    await p.ok('snapshot', 'validate')
  })
})

test('a database of archives that is down leaves the run succeeded and the archive pending', async () => {
  const project = PROJECT.replace('files, path: archive', 'postgres, url: "postgres://postgres@127.0.0.1:1/nowhere"')
  await using p = await ordersProject({ project })
  const { runs } = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  expect(runs).toMatchObject([{ status: 'succeeded', remarks: [{ code: 'TM6204' }] }])
  expect(runs[0]?.remarks[0]?.message).toContain('127.0.0.1:1/nowhere')
})

test('the flow and the queries that the docs show for archives in PostgreSQL work as they stand', async () => {
  await using db = await TestDatabase.create('15')
  const text = docs('from-change-detector.md')
  const [yaml = ''] = [...text.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, block]) => block ?? '')
  await using p = emptyProject({
    'tidemark.yaml':
      'project: test\nconnections:\n  east: { kind: duckdb, path: data/east.duckdb }\n  lake: { kind: duckdb, path: data/lake.duckdb }\n',
    'modules/orders.yaml': yaml,
    '.env': variablesOf(db),
  })
  await p.duckdb(
    'data/east.duckdb',
    "CREATE TABLE orders_unified AS SELECT i AS order_number, 'GREYSON' AS customer_name, now() AS loaded_at FROM range(3) t(i)",
  )
  await p.ok('snapshot', 'take', 'orders.unified', '--deploy', '--scope', 'customer=GREYSON')
  const queries = [
    ...[...text.matchAll(/`(SELECT [^`]*)`/g)].map(([, query]) => query ?? ''),
    ...[...docs('archives.md').matchAll(/^SELECT .*$/gm)].map(([query]) => query),
  ]
  expect(queries).toHaveLength(6)
  await db.exec('SET search_path = public, tidemark')
  for (const query of queries) await db.rows(query)
  expect(await db.rows('SELECT scope FROM get_archive_statistics()')).toEqual([['{"customer": "GREYSON"}']])
  expect(await db.rows('SELECT count(*) FROM cleanup_old_archives()')).toEqual([['0']])
  expect(await db.rows('SELECT is_valid FROM validate_archive_integrity()')).toEqual([['t']])
})
