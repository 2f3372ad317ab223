import { expect, test } from 'vitest'
import { Narrator } from '../../src/demo/narrator.ts'
import { findPrograms } from '../../src/demo/postgres/find-programs.ts'
import { openPostgresDatabase } from '../../src/demo/postgres/postgres-database.ts'
import { OFFICE } from '../../src/demo/postgres/schemas.ts'
import { load, openPlace, PLAIN } from './tree-of-files.ts'

const told: string[] = []
const narrator = new Narrator((text) => void told.push(text), PLAIN)

test('the demo starts a PostgreSQL server of its own, which ends with it', async () => {
  const { connections, env } = await (async () => {
    await using database = await openPostgresDatabase(null, '/', narrator)
    expect(database.stays).toBe(false)
    return database.definitions
  })()
  expect(told.at(-1)).toMatch(/^A PostgreSQL 18\S* was started for it on 127\.0\.0\.1:\d+; it ends with the demo\.\n$/)
  expect(connections.join()).toContain('env:DEMO_POSTGRES_URL')
  const url = /'(.*)'/.exec(env.join())?.[1] ?? ''
  await expect(openPostgresDatabase(url, '/', narrator)).rejects.toMatchObject({ code: 'TM2001' })
})

test('a demo on PostgreSQL makes its two schemas anew, and touches none that is not its own', async () => {
  await using place = await openPlace('postgres')
  await load(place)
  await load(place)
  expect(place.database.stays).toBe(true)
  await place.postgres?.exec(`COMMENT ON SCHEMA ${OFFICE} IS 'mine'`)
  await expect(load(place)).rejects.toMatchObject({ code: 'TM1021', detail: expect.stringContaining(OFFICE) })
  expect(await place.postgres?.rows(`SELECT count(*) > 0 FROM ${OFFICE}.files`)).toEqual([['t']])
})

test('a URL of PostgreSQL that cannot be used is refused, and what it holds is not repeated', async () => {
  const open = (url: string): Promise<unknown> => openPostgresDatabase(url, '/', narrator)
  await expect(open('postgres://me:secret@host/db?no=such')).rejects.toMatchObject({
    code: 'TM1002',
    message: expect.not.stringContaining('secret'),
  })
  await expect(open('postgres://me:secret@127.0.0.1:1/db')).rejects.toMatchObject({
    code: 'TM2001',
    message: expect.not.stringContaining('secret'),
  })
})

test('where npm has installed no PostgreSQL there is none to start', () => {
  expect(findPrograms(['no-such-package'])).toBeNull()
  expect(findPrograms()).toMatch(/native$/)
})
