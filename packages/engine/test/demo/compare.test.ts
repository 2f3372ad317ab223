import { copyFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compare, differencesOf } from '../../src/demo/compare.ts'
import { archiveFile, officeFile, limitsOf } from '../../src/demo/office.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { load, openPlace, type Place } from './tree-of-files.ts'

/** A target that is a copy of the source, changed by hand. */
async function compareAfter(place: Place, ...statements: readonly string[]): ReturnType<typeof compare> {
  await load(place)
  await copyFile(officeFile(place.project), archiveFile(place.project))
  {
    await using archive = await openDuckdbFile(archiveFile(place.project), 'write', limitsOf(place.project))
    using session = await archive.session()
    await session.run(`USE "${archive.catalog}"`)
    for (const statement of statements) await session.run(statement)
  }
  return compare(place.project)
}

test('a true copy has no difference', async () => {
  await using place = await openPlace()
  const found = await compareAfter(place)
  expect([differencesOf(found), found.examples, found.target]).toEqual([0n, [], found.source])
})

test('missing, surplus and doubled rows are told apart', async () => {
  await using place = await openPlace()
  const found = await compareAfter(
    place,
    "DELETE FROM files WHERE name = 'one.txt'",
    "INSERT INTO files SELECT * REPLACE (uuid() AS stream_id, 'top 2.txt' AS path_locator) FROM files WHERE name = 'top.txt'",
    "INSERT INTO files FROM files WHERE name = 'two.txt'",
  )
  expect(found).toMatchObject({ missing: 1n, surplus: 1n, duplicates: 1n, different: 0n, parentless: 0n })
  expect(found.examples).toEqual(['plans/one.txt', 'top 2.txt'])
})

test('one byte, a NULL for an empty content, a time, or a place is a difference', async () => {
  await using place = await openPlace()
  const found = await compareAfter(
    place,
    "UPDATE files SET file_stream = encode('onE') WHERE name = 'one.txt'",
    "UPDATE files SET file_stream = NULL WHERE name = 'empty.txt'",
    "UPDATE files SET last_write_time = last_write_time + to_microseconds(1) WHERE name = 'two.txt'",
    "UPDATE files SET path_locator = 'a/other.txt' WHERE name = 'second.txt'",
  )
  expect(found).toMatchObject({ missing: 0n, surplus: 0n, different: 4n })
})

test('a row of the target without its parent is a difference', async () => {
  await using place = await openPlace()
  const found = await compareAfter(place, "DELETE FROM files WHERE path_locator = 'plans'")
  expect(found).toMatchObject({ missing: 1n, parentless: 3n })
  expect(differencesOf(found)).toBe(4n)
})
