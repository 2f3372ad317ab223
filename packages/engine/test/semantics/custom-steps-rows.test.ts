import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silent } from '@tidemark/contract/events'
import { expect, test } from 'vitest'
import { deployProject, openProject, RUN } from '../support/project-folder.ts'
import { openWorld, type World } from '../support/world.ts'

/** Steps as people write them: the example of the docs, and rows of the control tables edited by plain SQL. */

const DOC = readFileSync(new URL('../../../../docs/modes.md', import.meta.url), 'utf8')
const EXAMPLE = /^## Steps of your own$[^]*?^```yaml\n([^]*?)^```/m.exec(DOC)?.[1] ?? ''
const never = new AbortController().signal

const run = async (w: World, wish: Partial<typeof RUN> = {}) => {
  await using app = await openProject(w)
  return (await app.run({ ...RUN, ...wish }, silent, never)).runs[0]
}
const plan = async (w: World) => {
  await using app = await openProject(w)
  return (await app.plan(RUN, never)).plans[0]
}
const edit = (w: World, statement: string): void => {
  using store = new DatabaseSync(join(w.dir, 'control.db'))
  store.exec(statement)
}

test('the worked example of queue and batch in the docs runs as it stands', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE parcels (parcel_id BIGINT, depot VARCHAR, address VARCHAR, status VARCHAR, updated_at TIMESTAMP)',
    "INSERT INTO parcels VALUES (1, 'N', '  1 Quay ', 'sent', '2026-01-01'), (2, 'N', '2 Quay', 'draft', '2026-01-01'), (3, 'S', ' 3 Quay', 'sent', '2026-01-02')",
  )
  await deployProject(w)
  writeFileSync(
    join(w.dir, 'tidemark.yaml'),
    'project: test\ncontrol: sqlite:control.db\nengine: { temp: tmp }\nconnections:\n  shop: { kind: duckdb, path: source.duckdb }\n  lake: { kind: duckdb, path: target.duckdb }\n',
  )
  writeFileSync(join(w.dir, 'modules', 'm.yaml'), EXAMPLE)
  await using app = await openProject(w)
  await app.deploy({ path: null, dryRun: false, overwrite: false })
  const wish = { ...RUN, flows: ['shop.parcels'] }
  expect((await app.run({ ...wish, dryRun: true }, silent, never)).runs[0]).toMatchObject({ rows: { inserted: 2 } })
  expect((await app.run(wish, silent, never)).runs[0]).toMatchObject({ status: 'succeeded', rows: { inserted: 2 } })
  expect(await w.targetRows('SELECT parcel_id, address FROM parcels ORDER BY 1')).toEqual([
    ['1', '1 Quay'],
    ['3', '3 Quay'],
  ])
  await w.source("UPDATE parcels SET status = 'sent', updated_at = get_current_timestamp() WHERE parcel_id = 2")
  expect((await app.run(wish, silent, never)).runs[0]).toMatchObject({ rows: { read: 1, inserted: 1 } })
})

test('a template written into the control tables by plain SQL runs, and a later edit stops with the choice', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)',
    "INSERT INTO src SELECT i, 'n' || i, TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(4) t(i)",
  )
  await deployProject(w)
  const set = (part: string, text: string): void =>
    edit(
      w,
      `UPDATE task SET transformation_config = json_set(transformation_config, '$.steps', json('{"rows": {}}'), '$.steps.rows.${part}', '${text.replaceAll("'", "''")}') WHERE module = 'm' AND id = 't'`,
    )
  set('queue', "SELECT id FROM {source} WHERE modified_on <= :up_to AND name <> 'n2'")
  const planned = await plan(w)
  expect(planned).toMatchObject({ rows: 3 })
  expect(planned?.notes.join('\n')).toContain('the queue of step rows decides what comes')
  expect(planned?.sql[0]).toMatchObject({ name: 'queue' })
  expect(planned?.sql[0]?.text).toContain(`AND name <> 'n2'`)
  expect(await run(w)).toMatchObject({ status: 'succeeded', rows: { inserted: 3 } })

  set('batch', 'SELECT id, upper(name) AS name, modified_on FROM {source} JOIN {batch} AS b USING (id)')
  await expect(run(w)).rejects.toMatchObject({ code: 'TM4007' })
  expect(await run(w, { full: true })).toMatchObject({ rows: { inserted: 1, updated: 3 } })
  expect(await w.targetRows('SELECT name FROM dst ORDER BY id')).toEqual([['N0'], ['N1'], ['N2'], ['N3']])

  set('queue', 'DELETE FROM {target}')
  await expect(run(w)).rejects.toThrow(/TM1028 .*it starts with DELETE/)
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['4']])
})
