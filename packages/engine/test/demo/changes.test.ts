import { describe, expect, test } from 'vitest'
import { addFiles, announceFiles, deliverAnnounced, editFiles, freeName, moveFolder } from '../../src/demo/changes.ts'
import { numberOf } from '../../src/demo/demo-database.ts'
import { KINDS, load, openPlace } from './tree-of-files.ts'

const BYTES = 'SELECT sum(octet_length(file_stream)) FROM files'
const STAMPS = 'SELECT stream_id, modified_on FROM metadata ORDER BY stream_id'

describe.each(KINDS)('on %s', (kind) => {
  test('edited files have new content and a new stamp, all others keep theirs', async () => {
    await using place = await openPlace(kind)
    await load(place)
    await place.database.inOffice(async (office) => {
      const before = new Map((await office.rows(STAMPS)).map(([id, at]) => [id, at]))
      const bytes = await numberOf(office, BYTES)
      expect(await editFiles(office, { files: 3, unit: null, salt: 'x' })).toBe(3)
      const stamped = (await office.rows(STAMPS)).filter(([id, at]) => before.get(id ?? '') !== at)
      expect(stamped).toHaveLength(3)
      expect(new Set(stamped.map(([, at]) => at)).size).toBe(1)
      expect(await numberOf(office, BYTES)).toBe(bytes + 3 * '\nedited: x'.length)
    })
  })

  test('files of one unit are edited alone', async () => {
    await using place = await openPlace(kind)
    await load(place)
    await place.database.inOffice(async (office) => {
      await editFiles(office, { files: 100, unit: 'south', salt: 'x' })
      const units = await office.rows(
        'SELECT DISTINCT owning_business_unit FROM metadata WHERE stream_id IN (SELECT stream_id FROM edited)',
      )
      expect(units).toEqual([['south']])
    })
  })

  test('a moved folder changes every locator below it and the stamp of itself alone', async () => {
    await using place = await openPlace(kind)
    await load(place)
    await place.database.inOffice(async (office) => {
      await addFiles(office, 'new')
      const before = new Map((await office.rows(STAMPS)).map(([id, at]) => [id, at]))
      const move = await moveFolder(office, 'new')
      expect(move).toMatchObject({ from: 'a', to: 'new/a', rowsBelow: 8, levels: 6 })
      expect(await office.rows("SELECT path_locator, parent_path_locator FROM files WHERE name = 'deep.txt'")).toEqual([
        ['new/a/b/c/d/e/f/deep.txt', 'new/a/b/c/d/e/f'],
      ])
      expect(await office.rows("SELECT parent_path_locator FROM files WHERE path_locator = 'new/a'")).toEqual([['new']])
      expect(await numberOf(office, "SELECT count(*) FROM files WHERE starts_with(path_locator, 'a/')")).toBe(0)
      const stamped = (await office.rows(STAMPS)).filter(([id, at]) => before.get(id ?? '') !== at)
      expect(stamped).toHaveLength(1)
    })
  })

  test('announced files have metadata first and their rows later, under the old stamp', async () => {
    await using place = await openPlace(kind)
    await load(place)
    await place.database.inOffice(async (office) => {
      await addFiles(office, 'new')
      const waiting = 'SELECT count(*) FROM metadata WHERE stream_id NOT IN (SELECT stream_id FROM files)'
      expect(await announceFiles(office, 'new')).toBe(await numberOf(office, waiting))
      const stamps = await office.rows(STAMPS)
      await deliverAnnounced(office, 'new')
      expect([await numberOf(office, waiting), await office.rows(STAMPS)]).toEqual([0, stamps])
    })
  })

  test('the folder of arrivals takes no name that is there', async () => {
    await using place = await openPlace(kind)
    await load(place)
    await place.database.inOffice(async (office) => {
      expect([await freeName(office, 'new'), await freeName(office, 'plans')]).toEqual(['new', 'plans 2'])
    })
  })
})
