import { describe, expect, test } from 'vitest'
import { SQLSERVER_MIGRATIONS } from '../../src/control/sql/sqlserver/sqlserver-migrations.ts'
import { migrationScript } from '../../src/control/sql/sqlserver/schema.sql.ts'
import { SqliteHarness } from '../contract/sqlite-harness.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { SqlServerStoreHarness } from './sqlserver-store-harness.ts'

/** Working tables and columns of each store's own. */
const OF_ITS_OWN = /^(commit_mark|named_edit)\.|\.(row_id|key_hash)$/

describe.skipIf(TEST_SERVER === null)('the schema on SQL Server', () => {
  test('has the tables, views and columns of SQLite, in the same order', async () => {
    await using sqlserver = await SqlServerStoreHarness.make()
    await using sqlite = await SqliteHarness.make()
    await sqlite.open()
    const there = await sqlserver.sql(
      `select o.name + '.' + c.name as name from sys.columns c join sys.objects o on o.object_id = c.object_id
        where o.schema_id = schema_id('tidemark') and o.type in ('U', 'V')
        order by o.name collate Latin1_General_100_BIN2, c.column_id`,
    )
    const here = await sqlite.sql(
      `select t.name || '.' || c.name as name from sqlite_schema t, pragma_table_info(t.name) c
      where t.type in ('table', 'view') and t.name not like 'sqlite\\_%' escape '\\' order by t.name, c.cid`,
    )
    const names = (rows: readonly { readonly [k: string]: unknown }[]) =>
      rows.map((row) => String(row['name'])).filter((name) => !OF_ITS_OWN.test(name))
    expect(names(there)).toEqual(names(here))
  })

  test('is left as it was by a migration that fails, by hand too', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const count = () => harness.sql('select count(*) as n from sys.objects')
    const before = await count()
    const text = 'create table tidemark.later (a int);\ngo\ncreate table tidemark.run (b int);'
    const next = SQLSERVER_MIGRATIONS.length + 1
    await expect(harness.script(migrationScript({ version: next, name: '0099-broken', text }))).rejects.toThrow('run')
    expect(await count()).toEqual(before)
    expect(await harness.sql('select max(version) as n from store_migration')).toEqual([
      { n: SQLSERVER_MIGRATIONS.length },
    ])
  })
})
