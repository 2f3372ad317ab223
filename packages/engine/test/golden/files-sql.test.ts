/** The statements of files and of the spool lane, as files to be reviewed like code. */
import { describe, expect, test } from 'vitest'
import type { FlowSpec } from '@tidemark/contract/flow'
import { rows, TABLE } from '../support/flat.ts'
import { csv, fromInbox, parquet } from '../support/inbox.ts'
import { flowSpec, INBOX, openWorld, type RunWish } from '../support/world.ts'

const missing = { kind: 'insert-missing', maxDelete: null } as const

const CASES: Readonly<Record<string, readonly [FlowSpec, RunWish]>> = {
  'spool-latest': [flowSpec(), { lane: 'spool' }],
  'parquet-insert-missing': [fromInbox(['orders/*.parquet']), {}],
  'csv-insert-missing': [fromInbox(['orders/*.csv']), {}],
  'folder-insert-missing': [
    flowSpec({ apply: missing, target: { ...flowSpec().target, connection: INBOX, table: ['out/orders'] } }),
    {},
  ],
  'folder-replace': [
    flowSpec({
      capture: { kind: 'backfill', options: {} },
      apply: { kind: 'replace', maxDelete: null },
      target: { ...flowSpec().target, connection: INBOX, table: ['out/orders'] },
    }),
    {},
  ],
}

describe('golden SQL of files and spool', () => {
  test.each(Object.entries(CASES))('%s', async (name, [definition, wish]) => {
    await using w = await openWorld()
    await w.source(TABLE, rows(1))
    await parquet(w, 'orders/a.parquet', "SELECT 1 AS id, 'x' AS name")
    await parquet(w, 'orders/b.parquet', "SELECT 2 AS id, 'y' AS name")
    csv(w, 'orders/a.csv', 'id,name,amount', '1,x,1.5')
    csv(w, 'orders/b.csv', 'name,id,amount', 'x,2,1.5')
    const { relation, selection, lane } = await w.planned(definition, wish)
    await using opened = await w.deps().openBench(definition, null)
    await opened.bench.source.describe(relation.source.table)
    const kind = definition.apply.kind === 'insert-missing' ? 'insert-missing' : 'latest'
    const text = opened.bench
      .explain(relation, selection, kind, lane)
      .map((s) => `-- ${s.name}\n${s.text};\n`)
      .join('\n')
    // the window ends at the clock, and folders and catalogs are this test's own
    const stable = text
      .replaceAll(/'\d{4}-\d\d-\d\d [\d:.]+'/g, "'UP_TO'")
      .replaceAll(w.dir, 'DIR')
      .replaceAll(/memory_\d+/g, 'memory')
    await expect(stable).toMatchFileSnapshot(`./files/${name}.sql`)
  })
})
