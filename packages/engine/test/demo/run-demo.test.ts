import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { officeFile } from '../../src/demo/duckdb/duckdb-database.ts'
import { type DemoOptions, runDemo } from '../../src/demo/run-demo.ts'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { never, openPlace, PLAIN } from './tree-of-files.ts'

const silent = (options: Pick<DemoOptions, 'project' | 'files'> & Partial<DemoOptions>): DemoOptions => ({
  cwd: '/',
  postgres: null,
  say: () => {},
  style: PLAIN,
  signal: never,
  ...options,
})

test('the demo moves a small tree through all its acts without a difference', async () => {
  await using place = await openPlace()
  let told = ''
  const { acts, differences, project } = await runDemo(
    silent({ project: place.project, files: place.tree, say: (text) => (told += text) }),
  )
  expect([differences, project]).toEqual([0n, place.project])
  expect(told).not.toContain('✗')
  expect(acts.map((a) => `${a.act}: ${a.status}`)).toEqual([
    'Initial load: succeeded',
    'Initial load: nothing_to_do',
    'A day of changes: succeeded',
    'Rows that arrive late: succeeded',
    'A crash in mid-run: succeeded',
    'A crash in mid-run: succeeded',
    'One business unit alone: succeeded',
    'One business unit alone: succeeded',
    'A rewind: succeeded',
  ])
}, 120_000)

test('the demo on PostgreSQL plays a late commit besides, and ends without a difference', async () => {
  await using place = await openPlace('postgres')
  let told = ''
  const { acts, differences, stays } = await runDemo(
    silent({
      project: place.project,
      files: place.tree,
      postgres: { url: place.postgres?.url ?? null },
      say: (text) => (told += text),
    }),
  )
  expect([differences, stays]).toEqual([0n, true])
  expect(told).not.toContain('✗')
  expect(told).toContain('the plan says which transaction holds it back')
  expect(acts.filter((a) => a.act === 'A transaction that commits late').map((a) => a.status)).toEqual([
    'nothing_to_do',
    'succeeded',
  ])
  expect(await place.postgres?.rows('SELECT count(*) > 0 FROM tidemark_demo_archive.files')).toEqual([['t']])
}, 120_000)

test('a demo that is stopped ends its child and says that it was stopped', async () => {
  await using place = await openPlace()
  const stop = new AbortController()
  const say = (text: string): void => {
    if (text.includes('tidemark run')) setTimeout(() => stop.abort(new Cancelled('stopped')), 100)
  }
  const demo = runDemo(silent({ project: place.project, files: place.tree, say, signal: stop.signal }))
  await expect(demo).rejects.toBeInstanceOf(Cancelled)
}, 60_000)

test('a folder without files, or that is none, cannot be played with', async () => {
  await using place = await openPlace()
  const empty = path.join(place.tree, 'empty')
  await mkdir(empty)
  await expect(runDemo(silent({ project: place.project, files: empty }))).rejects.toMatchObject({ code: 'TM1002' })
  const missing = path.join(place.tree, 'missing')
  await expect(runDemo(silent({ project: place.project, files: missing }))).rejects.toMatchObject({ code: 'TM1002' })
  const other = path.join(place.tree, '..', 'other')
  await mkdir(path.join(other, 'something'), { recursive: true })
  await expect(runDemo(silent({ project: other, files: place.tree }))).rejects.toMatchObject({ code: 'TM1021' })
  expect(existsSync(officeFile(other))).toBe(false)
})
