/** What `discover` and `connections` are told of a PostgreSQL connection of a project. */
import { expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { TransferProject } from '../support/transfer-project.ts'

test('a PostgreSQL connection is discovered, and says what it holds', async () => {
  await using db = await TestDatabase.create('18')
  await db.exec(
    'CREATE TABLE orders (id uuid PRIMARY KEY, updated_at timestamptz NOT NULL)',
    'INSERT INTO orders SELECT gen_random_uuid(), now() FROM generate_series(1, 3)',
  )
  await using project = await TransferProject.open(
    { a: `{ kind: postgres, url: "${db.url}" }` },
    `      source: { connection: a, table: orders }
      target: { connection: a, table: copy }
      key: [id]
      capture: backfill
`,
  )
  const wish = { connection: 'a', pattern: null, target: null, deep: false, write: null }
  const { document } = await project.app.discover(wish, () => {}, new AbortController().signal)
  expect(document.tables).toMatchObject([{ table: 'orders', rows: 3, key: { columns: ['id'], declared: true } }])
  const reports = await project.app.connections()
  expect(reports.map((c) => c.detail)).toEqual([expect.stringMatching(/^1 table, 0 views, PostgreSQL 18/)])
})
