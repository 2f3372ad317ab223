import { existsSync, readdirSync } from 'node:fs'
import { silent } from '@tidemark/contract/events'
import { expect, test } from 'vitest'
import { at, row, rows, TABLE } from '../support/flat.ts'
import { deployProject, openProject, RUN } from '../support/project-folder.ts'
import { hashes } from '../support/refusals.ts'
import { withStoreClosed } from '../support/store-files.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type World } from '../support/world.ts'

const never = new AbortController().signal

async function dryRun(w: World, wish: Partial<typeof RUN> = {}) {
  await using app = await openProject(w, true)
  return await app.run({ ...RUN, dryRun: true, ...wish }, silent, never)
}

/** Every file as it was before the work, with nobody else holding the store open. */
async function expectUntouched(w: World, work: () => Promise<void>): Promise<void> {
  await withStoreClosed(w, async () => {
    const before = hashes(w.dir)
    await work()
    expect(hashes(w.dir)).toEqual(before)
  })
}

async function changed(w: World): Promise<void> {
  await w.source(TABLE, rows(5))
  await deployProject(w)
  await w.run(flowSpec())
  await w.source(
    row(9, 'new', at(9)),
    `UPDATE src SET name = 'newer', modified_on = TIMESTAMP '${at(99)}' WHERE id = 1`,
    "UPDATE src SET modified_on = TIMESTAMP '2019-01-01' WHERE id = 2",
    "UPDATE src SET name = 'other' WHERE id = 3",
  )
}

test('a dry run leaves every byte of source, target and store as it was, and counts what a run would do', async () => {
  await using w = await openWorld()
  await changed(w)
  await expectUntouched(w, async () => {
    expect((await dryRun(w, { full: true })).runs).toMatchObject([
      { rows: { read: 6, inserted: 1, updated: 2, skipped_same: 2, skipped_older: 1 } },
    ])
  })
  expect((await w.run(flowSpec(), { full: true })).rows).toMatchObject({
    read: 6n,
    inserted: 1n,
    updated: 2n,
    skippedSame: 2n,
    skippedOlder: 1n,
  })
})

test('a plan leaves every byte of source, target and store as it was', async () => {
  await using w = await openWorld()
  await changed(w)
  await expectUntouched(w, async () => {
    await using app = await openProject(w, true)
    expect((await app.plan({ ...RUN, full: true }, never)).plans).toMatchObject([{ flow: 'm.t', rows: 6 }])
  })
})

test('a dry run makes no target that does not exist yet', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  await deployProject(w)
  await expectUntouched(w, async () => {
    expect((await dryRun(w, { batchRows: 2 })).runs).toMatchObject([{ rows: { read: 5, inserted: 5 }, batches: 3 }])
  })
  expect(existsSync(w.targetPath)).toBe(false)
})

test('a dry run of a view, whose keys have to be captured, keeps none of them', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5), 'ALTER TABLE src RENAME TO base', 'CREATE VIEW src AS FROM base')
  await deployProject(w)
  await expectUntouched(w, async () => {
    expect((await dryRun(w, { batchRows: 2 })).runs).toMatchObject([{ rows: { read: 5, inserted: 5 }, batches: 3 }])
  })
  expect(readdirSync(w.dir).filter((name) => name.endsWith('.work'))).toEqual([])
})

test('a dry run of a flow with positions in a side table counts as a run does', async () => {
  const definition = flowSpec({ columns: { ...ALL_COLUMNS, exclude: ['modified_on'] } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await deployProject(w, '      columns: { exclude: [modified_on] }\n')
  await w.run(definition)
  await w.source(
    "UPDATE src SET modified_on = TIMESTAMP '2019-01-01' WHERE id = 2",
    `UPDATE src SET name = 'x', modified_on = TIMESTAMP '${at(50)}' WHERE id = 1`,
  )
  await expectUntouched(w, async () => {
    expect((await dryRun(w, { full: true })).runs).toMatchObject([
      { rows: { read: 3, inserted: 0, updated: 1, skipped_same: 1, skipped_older: 1 } },
    ])
  })
})

test('a dry run that is refused writes nothing either', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5), row(1, 'twice', at(1)))
  await deployProject(w)
  await expectUntouched(w, async () => {
    await expect(dryRun(w)).rejects.toMatchObject({ code: 'TM4005' })
  })
})
