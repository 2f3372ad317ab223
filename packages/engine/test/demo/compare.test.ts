import { copyFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { type Comparison, compare, differencesOf } from '../../src/demo/compare.ts'
import { archiveFile, limitsOf, officeFile } from '../../src/demo/duckdb/duckdb-database.ts'
import { ARCHIVE, OFFICE } from '../../src/demo/postgres/schemas.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { KINDS, load, openPlace, type Place } from './tree-of-files.ts'

/** A target that is a copy of the source, changed by hand. */
async function compareAfter(place: Place, ...statements: readonly string[]): Promise<Comparison> {
  await load(place)
  if (place.postgres !== null)
    await place.postgres.exec(
      `CREATE TABLE ${ARCHIVE}.files AS TABLE ${OFFICE}.files`,
      `SET search_path = ${ARCHIVE}`,
      ...statements,
    )
  else {
    await copyFile(officeFile(place.project), archiveFile(place.project))
    await using archive = await openDuckdbFile(archiveFile(place.project), 'write', limitsOf(place.project))
    using session = await archive.session()
    await session.run(`USE "${archive.catalog}"`)
    for (const statement of statements) await session.run(statement)
  }
  return compare(place.database)
}

describe.each(KINDS)('on %s', (kind) => {
  test('a true copy has no difference', async () => {
    await using place = await openPlace(kind)
    const found = await compareAfter(place)
    expect([differencesOf(found), found.examples, found.target]).toEqual([0n, [], found.source])
  })

  test('missing, surplus and doubled rows are told apart', async () => {
    await using place = await openPlace(kind)
    const found = await compareAfter(
      place,
      "DELETE FROM files WHERE name = 'one.txt'",
      `INSERT INTO files SELECT CAST(md5('2') AS UUID), name, 'top 2.txt', parent_path_locator, is_directory, file_stream,
        creation_time, last_write_time FROM files WHERE name = 'top.txt'`,
      "INSERT INTO files SELECT * FROM files WHERE name = 'two.txt'",
    )
    expect(found).toMatchObject({ missing: 1n, surplus: 1n, duplicates: 1n, different: 0n, parentless: 0n })
    expect(found.examples).toEqual(['plans/one.txt', 'top 2.txt'])
  })

  test('one byte, a NULL for an empty content, a time, or a place is a difference', async () => {
    await using place = await openPlace(kind)
    const found = await compareAfter(
      place,
      "UPDATE files SET file_stream = (SELECT file_stream FROM files WHERE name = 'two.txt') WHERE name = 'one.txt'",
      "UPDATE files SET file_stream = NULL WHERE name = 'empty.txt'",
      "UPDATE files SET last_write_time = last_write_time + INTERVAL '1 microsecond' WHERE name = 'two.txt'",
      "UPDATE files SET path_locator = 'a/other.txt' WHERE name = 'second.txt'",
    )
    expect(found).toMatchObject({ missing: 0n, surplus: 0n, different: 4n })
  })

  test('a row of the target without its parent is a difference', async () => {
    await using place = await openPlace(kind)
    const found = await compareAfter(place, "DELETE FROM files WHERE path_locator = 'plans'")
    expect(found).toMatchObject({ missing: 1n, parentless: 3n })
    expect(differencesOf(found)).toBe(4n)
  })
})
