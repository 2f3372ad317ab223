/** A file is taken away once it is closed: a query over all catalogs, of another session, may hold it beyond its last user. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'

const LIMITS = { memoryBytes: null, threads: 2, tempDir: null }

test('a file that another session still looks into is given back when that has ended, and not before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-detached-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using other = await openDuckdbFile(join(folder, 'other.duckdb'), 'write', LIMITS)
  using looking = await other.session()
  using asking = await other.session()
  const path = join(folder, 'work.duckdb')
  const file = await openDuckdbFile(path, 'write', LIMITS)
  const session = await file.session()
  await session.run(`CREATE TABLE "${file.catalog}".main.spool AS SELECT 1 AS x`)
  await looking.begin()
  await looking.rows('SELECT count(*) FROM duckdb_columns()')

  let isBack = false
  const closing = file[Symbol.asyncDispose]().then(() => {
    isBack = true
  })
  const listed = `SELECT 1 FROM duckdb_databases() WHERE database_name = '${file.catalog}'`
  await vi.waitUntil(async () => (await asking.rows(listed)).length === 0)
  await sleep(20)
  expect([isBack, existsSync(`${path}.wal`)]).toEqual([false, true])
  await looking.commit()
  await closing
  expect(existsSync(`${path}.wal`)).toBe(false)
})
