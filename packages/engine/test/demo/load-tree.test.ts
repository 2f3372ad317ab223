import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { unitsOf } from '../../src/demo/business-units.ts'
import { chunksOf } from '../../src/demo/duckdb/load-tree.ts'
import { DEMO_LIMITS, readTree, type TreeEntry } from '../../src/demo/read-tree.ts'
import { EMPTY_FOLDER, FILES, KINDS, load, never, openPlace } from './tree-of-files.ts'

const entry = (locator: string, bytes = 1): TreeEntry => ({
  locator,
  name: locator.slice(locator.lastIndexOf('/') + 1),
  parent: locator.includes('/') ? locator.slice(0, locator.lastIndexOf('/')) : null,
  isDirectory: false,
  bytes,
  created: 0n,
  written: 0n,
})

describe.each(KINDS)('on %s', (kind) => {
  test('every file of a tree is a row with its content, whatever its name', async () => {
    await using place = await openPlace(kind)
    const report = await load(place)
    expect(report).toMatchObject({ files: Object.keys(FILES).length, unreadable: 0, levels: 7 })
    const rows = await place.database.inOffice((office) =>
      office.rows(`SELECT path_locator, ${office.words.sha256('file_stream')} FROM files WHERE NOT is_directory`),
    )
    const hashes = Object.entries(FILES).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')])
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(hashes))
  })

  test('folders are rows without content, and every row but the topmost has its parent and its metadata', async () => {
    await using place = await openPlace(kind)
    const { folders } = await load(place)
    await place.database.inOffice(async (office) => {
      expect(await office.rows('SELECT count(*) FROM files WHERE is_directory AND file_stream IS NULL')).toEqual([
        [String(folders)],
      ])
      expect(
        await office.rows('SELECT count(*) FROM files WHERE is_directory AND path_locator = $1', [EMPTY_FOLDER]),
      ).toEqual([['1']])
      expect(
        await office.rows('SELECT path_locator FROM files WHERE parent_path_locator IS NULL ORDER BY path_locator'),
      ).toEqual([['a'], ['a%'], ['letters'], ['plans'], ['top.txt']])
      expect(
        await office.rows(
          'SELECT count(*) FROM files AS c WHERE parent_path_locator IS NOT NULL AND NOT EXISTS (SELECT 1 FROM files AS p WHERE p.path_locator = c.parent_path_locator)',
        ),
      ).toEqual([['0']])
      expect(
        await office.rows('SELECT count(*) FROM files WHERE stream_id NOT IN (SELECT stream_id FROM metadata)'),
      ).toEqual([['0']])
    })
  })

  test('two loads of one tree give its rows the same keys', async () => {
    await using place = await openPlace(kind)
    const keys = async (): Promise<unknown> => {
      await load(place)
      return place.database.inOffice((office) => office.rows('SELECT stream_id FROM files ORDER BY path_locator'))
    }
    expect(await keys()).toEqual(await keys())
  })

  test('a file that is gone before its content is read is counted, and the others are there', async () => {
    await using place = await openPlace(kind)
    const gone = 'letters/idx.txt'
    await rm(path.join(place.tree, gone))
    const report = await load(place, (tree) => ({ ...tree, entries: [...tree.entries, entry(gone)] }))
    expect(report).toMatchObject({ files: Object.keys(FILES).length - 1, unreadable: 1 })
  })
})

test('what is too large, a link, or beyond the limits is left out and counted', async () => {
  await using place = await openPlace()
  const all = Object.keys(FILES).length
  const whole = await readTree(place.tree, DEMO_LIMITS, null, never)
  expect(whole.leftOut).toEqual({ large: 0, links: 1, special: 0, unreadable: 0, beyond: 0 })
  expect(whole.entries.filter((e) => !e.isDirectory)).toHaveLength(all)

  const small = await readTree(place.tree, { ...DEMO_LIMITS, fileBytes: 9 }, null, never)
  expect(small.leftOut.large).toBe(Object.values(FILES).filter((text) => Buffer.byteLength(text) > 9).length)
  const few = await readTree(place.tree, { ...DEMO_LIMITS, files: 4 }, null, never)
  expect([few.entries.filter((e) => !e.isDirectory).length, few.leftOut.beyond]).toEqual([4, all - 4])
  const light = await readTree(place.tree, { ...DEMO_LIMITS, bytes: 20 }, null, never)
  const known = new Set(light.entries.map((e) => e.locator))
  expect(light.leftOut.beyond).toBeGreaterThan(0)
  expect(light.entries.filter((e) => e.parent !== null && !known.has(e.parent))).toEqual([])
})

test("the demo's own project is no part of the tree that it lies in", async () => {
  await using place = await openPlace()
  const { entries } = await readTree(place.tree, DEMO_LIMITS, path.join(place.tree, 'letters'), never)
  expect(entries.filter((e) => e.locator.startsWith('letters'))).toEqual([])
})

test('a chunk holds no more rows and bytes than it may, except for one large file', () => {
  const entries = [
    entry('a', 4),
    entry('b', 4),
    entry('c', 4),
    entry('d', 30),
    entry('e', 1),
    entry('f', 1),
    entry('g', 1),
  ]
  const chunks = [...chunksOf(entries, { entries: 2, bytes: 10 })].map((chunk) => chunk.map((e) => e.name).join(''))
  expect(chunks).toEqual(['ab', 'c', 'd', 'ef', 'g'])
})

test('business units follow the first level at which the tree branches', () => {
  const flat = unitsOf([entry('a/x'), entry('b/x'), entry('c/x'), entry('d/x')])
  expect(['a/x', 'b/x', 'c/x', 'd/x'].map(flat)).toEqual(['north', 'south', 'west', 'north'])
  const below = unitsOf([entry('a'), entry('a/b'), entry('a/b/x'), entry('a/b/y')])
  expect(['a', 'a/b', 'a/b/x', 'a/b/y'].map(below)).toEqual(['north', 'north', 'north', 'south'])
  expect(unitsOf([entry('alone')])('alone')).toBe('north')
})
