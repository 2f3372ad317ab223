import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { type DoctorCheck, DoctorDocument, ErrorDocument, MigrateDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { migrationScript } from '../../src/control/sql/sqlite/schema.sql.ts'
import { SQLITE_MIGRATIONS } from '../../src/control/sql/sqlite/sqlite-migrations.ts'
import { emptyProject, flatProject, type Project } from './project.ts'

const STORE = '.tidemark/control.db'

/** What it finds that is not fine; the exit code must say whether something failed, and no byte may change. */
async function findings(p: Project): Promise<readonly DoctorCheck[]> {
  const before = p.bytes()
  const { exit, out, err } = await p.cli(['doctor', '--json'])
  expect(err).toBe('')
  const document = DoctorDocument.parse(JSON.parse(out))
  expect(p.bytes()).toEqual(before)
  // how full the disk is depends on the machine
  const bad = document.checks.filter(({ id, status }) => status !== 'ok' && id !== 'room')
  for (const { status, remedy } of bad) expect([status, remedy.length > 0]).toEqual([status, true])
  expect({ exit, ok: document.ok }).toEqual(
    bad.some(({ status }) => status === 'fail') ? { exit: 1, ok: false } : { exit: 0, ok: true },
  )
  return bad
}

const remedies = (checks: readonly DoctorCheck[]): string => checks.flatMap(({ remedy }) => remedy).join('\n')

/** Ran once, so that store, target, fence and watermark are there. */
async function ranOnce(rows = 3): Promise<Project> {
  const p = await flatProject(rows)
  await p.ok('run', 'm.t')
  return p
}

test('doctor finds nothing wrong in a project that ran, and says what it looked at', async () => {
  await using p = await ranOnce()
  expect(await findings(p)).toEqual([])
  const { checks } = await p.json(DoctorDocument, ['doctor'])
  const seen = new Set(checks.map(({ id }) => id))
  for (const id of ['node', 'tidemark', 'engine', 'project', 'definitions', 'deployed', 'control-tables', 'store'])
    expect(seen).toContain(id)
  for (const id of ['store-integrity', 'connection', 'target', 'lease', 'run', 'watermark', 'clock', 'temp', 'room'])
    expect(seen).toContain(id)
  const { out } = await p.ok('doctor')
  expect(out).toMatch(/^ok +connection +connection a +.*a\.duckdb: 1 table, 0 views, DuckDB v1\./m)
  expect(out).toMatch(/everything is fine\n$/)
})

test('doctor warns of YAML that is not deployed, and a store that is not made yet is no fault', async () => {
  await using p = await flatProject()
  expect(await findings(p)).toMatchObject([{ id: 'deployed', status: 'warn', detail: expect.stringContaining('m.t') }])
  await p.ok('deploy')
  expect(await findings(p)).toEqual([])
  p.store('update task set is_active = 0')
  expect(await findings(p)).toEqual([])
})

test('doctor without a project says so, and exits 1', async () => {
  await using home = emptyProject()
  const { checks } = DoctorDocument.parse(JSON.parse((await home.cli(['doctor', '--json'])).out))
  expect(checks.map(({ id, status }) => `${id} ${status}`)).toEqual(['tidemark ok', 'node ok', 'project fail'])
  const { exit, out } = await home.cli(['doctor'])
  expect([exit, out]).toEqual([1, expect.stringContaining('→ tidemark init DIR')])
  expect(out).toMatch(/1 check failed\n$/)
})

test('doctor tells a broken tidemark.yaml, module file or control table with its place, and looks at the rest', async () => {
  await using p = await ranOnce()
  const yaml = p.read('modules/m.yaml')
  p.edit('modules/m.yaml', 'apply: latest', 'aply: latest')
  const [module, ...others] = await findings(p)
  expect(module).toMatchObject({ id: 'definitions', status: 'fail' })
  expect(module?.detail).toMatch(/TM1012 unknown key: "aply" in modules\/m\.yaml:9:7/)
  expect(others).toEqual([])
  p.write('modules/m.yaml', yaml)
  p.store(`update task set transformation_config = json_set(transformation_config, '$.aply', 'latest')`)
  expect(await findings(p)).toMatchObject([
    { id: 'control-tables', status: 'fail', detail: expect.stringContaining('task m.t, transformation_config.aply') },
  ])
  p.write('tidemark.yaml', 'project: [')
  expect(await findings(p)).toMatchObject([
    { id: 'project', status: 'fail', detail: expect.stringContaining('TM1010') },
  ])
})

test('doctor tells a damaged store, one of something else, and one of a newer version from a sound one', async () => {
  await using p = await ranOnce()
  copyFileSync(p.path(STORE), p.path('sound.db'))
  const other = openSqlite(p.path('other.db'), 1_000)
  other.script('create table invoice (id integer)')
  other.close()
  copyFileSync(p.path('other.db'), p.path(STORE))
  expect(await findings(p)).toMatchObject([{ id: 'store', status: 'fail', detail: expect.stringContaining('TM3005') }])
  copyFileSync(p.path('sound.db'), p.path(STORE))
  p.store(`insert into store_migration (version, name, applied_at) values (99, '0099-later', '')`)
  expect(await findings(p)).toMatchObject([{ id: 'store', status: 'fail', detail: expect.stringContaining('TM3004') }])
  // a page in the middle that the first look does not need
  const page = Buffer.from(p.bytesOf('sound.db'))
  page.fill(0x2a, page.length - 4096)
  writeFileSync(p.path(STORE), page)
  for (const suffix of ['-wal', '-shm']) rmSync(p.path(STORE) + suffix, { force: true })
  const damaged = await findings(p)
  expect(damaged[0]?.id).toMatch(/^store/)
  expect(damaged[0]?.status).toBe('fail')
})

test('doctor says that an older store will be migrated, and migrate --print-sql prints exactly what is missing', async () => {
  await using p = await flatProject()
  mkdirSync(p.path('.tidemark'))
  const db = openSqlite(p.path(STORE), 1_000)
  for (const migration of SQLITE_MIGRATIONS.slice(0, -1)) db.script(migrationScript(migration))
  db.close()
  const known = SQLITE_MIGRATIONS.length
  expect((await findings(p))[0]).toMatchObject({
    id: 'store',
    status: 'warn',
    detail: `schema ${known - 1}, this program has ${known}: the next command that writes brings it up to date`,
  })
  const printed = await p.json(MigrateDocument, ['migrate', '--print-sql'])
  const last = SQLITE_MIGRATIONS.at(-1)?.name
  expect(printed).toMatchObject({ version: known - 1, known, pending: [last] })
  if (!('sql' in printed)) throw new TypeError('--print-sql prints SQL')
  const by = openSqlite(p.path(STORE), 1_000)
  by.script(printed.sql)
  by.close()
  expect((await findings(p)).map(({ id }) => id)).toEqual(['deployed'])
  expect(await p.json(MigrateDocument, ['migrate', '--print-sql'])).toMatchObject({
    version: known,
    pending: [],
    sql: '',
  })
  expect((await p.ok('migrate', '--print-sql')).out).toMatch(/^-- .*control\.db has schema \d+ and is up to date\n$/)
})

test('doctor tells a missing source, a file that is no database, and a target that is only to be made', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  expect((await p.ok('doctor')).out).toContain('is not there yet: the first run makes it')
  p.write('data/b.duckdb', 'no database at all, but a text. '.repeat(400))
  expect(await findings(p)).toMatchObject([
    { id: 'connection', subject: 'connection b', status: 'fail', detail: expect.stringContaining('TM2003') },
  ])
  rmSync(p.path('data/b.duckdb'))
  rmSync(p.path('data/a.duckdb'))
  expect(await findings(p)).toMatchObject([
    { id: 'connection', subject: 'connection a', status: 'fail', detail: expect.stringContaining('TM2001') },
  ])
  p.store(`insert into connection (id, kind, options) values ('spare', 'duckdb', '{"path":"nowhere.duckdb"}')`)
  expect(await findings(p)).toMatchObject([
    { subject: 'connection a', status: 'fail' },
    { subject: 'connection spare', status: 'warn', detail: expect.stringContaining('no active flow uses it') },
  ])
})

test('doctor names the process that holds a file, and a run of this project that does so is no fault', async () => {
  await using p = await ranOnce()
  await using held = await p.heldElsewhere('data/b.duckdb')
  expect(await findings(p)).toMatchObject([
    { id: 'connection', status: 'fail', detail: expect.stringContaining(`is open in process ${held.pid}`) },
  ])
  p.store(
    `update lease set worker = 'w', host = '${os.hostname()}', pid = ${held.pid}, actor = 'bo',
            expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+60 seconds')`,
  )
  expect(await findings(p)).toEqual([])
  expect((await p.ok('doctor')).out).toContain('connection b   in use by the run of m.t: not looked into')
})

test('doctor finds a target that was restored or emptied, with the rewind that repairs it', async () => {
  await using p = await ranOnce()
  const first = String(p.store('select position from watermark')[0]?.['position'])
  copyFileSync(p.path('data/b.duckdb'), p.path('older.duckdb'))
  await p.duckdb(
    'data/a.duckdb',
    "INSERT INTO src VALUES (9, 'new', 'odd', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))",
  )
  await p.ok('run', 'm.t')
  copyFileSync(p.path('older.duckdb'), p.path('data/b.duckdb'))
  const restored = await findings(p)
  expect(restored).toMatchObject([{ id: 'target', subject: 'm.t', status: 'fail' }])
  expect(restored[0]?.detail).toContain('the target was restored')
  expect(remedies(restored)).toContain(`tidemark rewind m.t --to '${first}' --reason TEXT`)
  await p.ok('rewind', 'm.t', '--to', first, '--reason', 'the target was restored', '--yes')
  expect(await findings(p)).toEqual([])
  await p.ok('run', 'm.t')
  await p.duckdb('data/b.duckdb', 'DELETE FROM dst')
  const emptied = await findings(p)
  expect(emptied).toMatchObject([{ id: 'target', status: 'fail', detail: expect.stringContaining('is empty') }])
  expect(remedies(emptied)).toContain('tidemark run m.t --full')
})

test('doctor finds a store that was restored from a copy, by its fence and by runs it does not know', async () => {
  await using p = await ranOnce()
  copyFileSync(p.path(STORE), p.path('older.db'))
  await p.duckdb(
    'data/a.duckdb',
    "INSERT INTO src VALUES (9, 'new', 'odd', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))",
  )
  await p.ok('run', 'm.t')
  for (const suffix of ['-wal', '-shm']) rmSync(p.path(STORE) + suffix, { force: true })
  copyFileSync(p.path('older.db'), p.path(STORE))
  const found = await findings(p)
  expect(found.map(({ id, subject, status }) => `${id} ${subject} ${status}`)).toEqual([
    'fence m.t warn',
    'target m.t fail',
  ])
  expect(found[0]?.detail).toContain('the target has seen token 2, the store counts at 1')
  expect(remedies(found)).toContain('tidemark run m.t --full   reads everything again and repairs it')
  await p.ok('run', 'm.t', '--full')
  expect(await findings(p)).toEqual([])
})

test('doctor names another control store that fills the same table', async () => {
  await using p = await ranOnce()
  const lost = String(p.store('select id from store')[0]?.['id'])
  rmSync(p.path('.tidemark'), { recursive: true })
  await p.ok('deploy')
  const found = await findings(p)
  expect(found.map(({ id, status }) => `${id} ${status}`)).toEqual(['target fail', 'foreign warn'])
  expect(found[0]?.detail).toContain('was filled by another control store')
  expect(found[1]?.detail).toContain(lost)
  expect(remedies(found)).toContain(`DELETE FROM tidemark.fence WHERE store = '${lost}'`)
})

test('doctor tells leases of dead processes and expired ones, and the run that one left unfinished', async () => {
  await using p = await flatProject(6)
  await p.ok('deploy')
  const crashed = await p.child(['run', 'm.t', '--batch-rows', '2', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:before-commit:2',
  }).ended
  expect(crashed.signal).toBe('SIGKILL')
  const id = String(p.store('select id from run')[0]?.['id'])
  const dead = await findings(p)
  expect(dead.map(({ id: check, subject, status }) => `${check} ${subject} ${status}`)).toEqual([
    'lease m.t warn',
    `run ${id} of m.t warn`,
  ])
  expect(dead[0]?.detail).toContain('that process is not there any more')
  expect(dead[1]?.detail).toBe('is running, and its worker is gone; 1 of 3 batches are in')
  expect(remedies(dead)).toContain(`tidemark resume ${id}`)
  p.store(`update lease set host = 'elsewhere', expires_at = '2020-01-01T00:00:00.000Z'`)
  expect((await findings(p))[0]).toMatchObject({ id: 'lease', detail: expect.stringContaining('has run out') })
  await p.ok('resume', id)
  expect(await findings(p)).toEqual([])
})

test('doctor finds work files of runs that are over, or of none, and a temp that is no folder', async () => {
  await using p = await ranOnce()
  const id = String(p.store('select id from run')[0]?.['id'])
  p.write(`.tidemark/tmp/${id}.duckdb`, 'left over')
  p.write('.tidemark/tmp/duckdb_temp_block-1.block', 'spilled')
  const found = await findings(p)
  expect(found.map(({ id: check, detail }) => `${check} ${detail}`)).toEqual([
    `work-files ${id}.duckdb (9 B) of runs that are over`,
    'work-files duckdb_temp_block-1.block (7 B) belong to no run of this ledger',
  ])
  rmSync(p.path('.tidemark/tmp'), { recursive: true })
  p.write('.tidemark/tmp', 'a file')
  expect(await findings(p)).toMatchObject([
    { id: 'temp', status: 'fail', detail: expect.stringContaining('is a file') },
  ])
})

test('doctor names references that do not open and secret files that everybody can read, and never a value', async () => {
  await using p = await flatProject(3, { '.env': 'SOURCE=data/a.duckdb\n', 'target.txt': 'data/b.duckdb\n' })
  p.edit('tidemark.yaml', 'path: data/a.duckdb', 'path: env:SOURCE')
  p.edit('tidemark.yaml', 'path: data/b.duckdb', 'path: file:target.txt')
  chmodSync(p.path('.env'), 0o644)
  chmodSync(p.path('target.txt'), 0o600)
  await p.ok('deploy')
  const env = { SOURCE: 'data/a.duckdb' }
  const { out, exit } = await p.cli(['doctor'], { env })
  expect(exit).toBe(0)
  expect(out).toMatch(/^warn +secret-file +.*\.env +can be read by every user of this machine$/m)
  expect(out).toMatch(/^ {7}→ chmod 600 '.*\.env'$/m)
  expect(out).toMatch(/^ok +secret-file +.*target\.txt/m)
  expect(out).toMatch(/^ok +reference +env:SOURCE +opens; used by connection a$/m)
  chmodSync(p.path('.env'), 0o600)
  rmSync(p.path('target.txt'))
  const missing = await p.cli(['doctor'], { env: { SOURCE: 'hunter2/a.duckdb' } })
  expect(missing.exit).toBe(1)
  expect(missing.out).toMatch(
    /^fail +reference +file:target\.txt +file target\.txt does not exist; used by connection b$/m,
  )
})

test('doctor looks at what is left where a reference of the control store does not open', async () => {
  await using p = await flatProject()
  p.edit('tidemark.yaml', 'sqlite:.tidemark/control.db', 'sqlite:${env:NO_SUCH_FOLDER}/control.db')
  const found = await findings(p)
  expect(found.map(({ id, subject, status }) => `${id} ${subject} ${status}`)).toEqual([
    'store control store fail',
    'reference env:NO_SUCH_FOLDER fail',
  ])
  expect((await p.cli(['doctor'])).out).toMatch(/^ok +definitions +modules +sound: 2 connections, 1 task$/m)
  expect((await p.json(ErrorDocument, ['status'], 2)).error.code).toBe('TM1016')
})

test('doctor finds a watermark that lies in the future', async () => {
  await using p = await ranOnce()
  p.store(`update watermark set position = '2999-01-01 00:00:00'`)
  const found = await findings(p)
  expect(found.filter(({ id }) => id === 'watermark')).toMatchObject([
    { subject: 'm.t', status: 'fail', detail: expect.stringContaining('2999-01-01 00:00:00 lies in the future') },
  ])
  expect(remedies(found)).toContain('tidemark rewind m.t --to POSITION')
  expect((await p.cli(['run', 'm.t'])).err).toContain('TM4009')
})
