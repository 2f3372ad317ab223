/** A process dies while it replaces a folder: readers see the old rows or the new ones, and the next run goes on. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rows, TABLE } from '../support/flat.ts'
import { present } from '../support/present.ts'
import { flowSpec, INBOX, openWorld, type World } from '../support/world.ts'
import { crash } from './crash-world.ts'

const flow = flowSpec({
  capture: { kind: 'backfill', options: {} },
  apply: { kind: 'replace', maxDelete: null },
  target: { connection: INBOX, table: ['out/orders'], create: 'if_missing', emptied: 'refused' },
})

const rowsOf = (w: World, from: string) => w.sourceRows(`SELECT id, name FROM ${from} ORDER BY ALL`)
const landed = (w: World) => rowsOf(w, `read_parquet('${w.inbox}/out/orders/*.parquet')`)

test.for(['capture:stored', 'batch:recorded:2', 'settle:before', 'settle:swapped'])(
  'a replacement of a folder that dies at %s goes on, and the folder is what the source is',
  async (dieAt) => {
    await using w = await openWorld()
    await w.source(TABLE, rows(10))
    await w.run(flow)
    const before = await landed(w)
    await w.source('DELETE FROM src WHERE id < 3', "UPDATE src SET name = 'new' WHERE id = 9")
    await crash(w, { flow, dieAt })
    const now = await rowsOf(w, 'src')
    expect(await landed(w)).toEqual(dieAt === 'settle:swapped' ? now : before)
    const [run] = await w.store.ledger.listRuns({ limit: 1 })
    expect(await w.resume(present(run, 'run').id)).toMatchObject({
      state: 'succeeded',
      rows: { inserted: 7n, deleted: 3n },
    })
    expect(await landed(w)).toEqual(now)
    expect(globSync('**/*.parquet', { cwd: join(w.inbox, 'out') })).toHaveLength(1)
  },
)
