/** A target that does not let a batch in: a lock that another session holds, room for sorting that is used up, a full disk. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { VERSIONS } from '../support/postgres-server.ts'
import { present } from '../support/present.ts'
import { ProcessProject, saidBy, type Ways, wake } from '../support/process-project.ts'
import { rowsFrom, TABLE } from './postgres-wreck.ts'
import { expectRecovered, wreckOf } from './wreck.ts'

const ROWS = 4_000
const WISH = { batchRows: 1_000, parallel: 1 }
const NEW_NAMES = "UPDATE office.src SET modified_on = now(), name = name || 'x'"
const CHANGED = "SELECT count(*) FROM lake.dst WHERE name LIKE '%x'"
/** longer than a batch waits for a lock */
const HELD_MS = 33_000

/** As many rows as the source has, all of them changed since. */
async function changed(ways: Ways, more = ''): Promise<ProcessProject> {
  const p = await ProcessProject.open({ ways, version: ways === 'relay' ? '18' : '15', more, lease: '60s' })
  await p.a.exec(TABLE, rowsFrom(1, ROWS))
  expect(await p.run()).toMatchObject({ status: 'succeeded' })
  await p.a.exec(NEW_NAMES)
  return p
}

async function resumes(p: ProcessProject, run: string): Promise<void> {
  const wreck = present(await wreckOf(p, { rows: ROWS, runs: 1 }, 'failed'), 'wreck')
  expect(await p.resume(run, WISH)).toMatchObject({ error: null, status: 'succeeded', rows: { updated: ROWS } })
  await expectRecovered(p, wreck, run)
}

describe.concurrent('a lock that another session holds on the target', () => {
  test.for(['relay', 'pushdown'] as const)(
    'by %s, for longer than a batch waits: the batch is tried again',
    async (ways) => {
      await using p = await changed(ways)
      await using child = p.start({ at: 'batch:begun:2', signal: 'SIGSTOP', wish: WISH })
      await child.said('stopped')
      await using other = await p.b.connect()
      await other.begin('', 'LOCK TABLE lake.dst IN SHARE MODE')
      await wake(child)
      await sleep(HELD_MS)
      expect(await p.b.rows(CHANGED)).toEqual([['1000']])
      await other.rollback()
      const { runs } = await saidBy(child)
      expect(runs).toMatchObject([{ status: 'succeeded', rows: { updated: ROWS } }])
      await expectRecovered(p, null, present(runs[0]?.run, 'run'))
    },
  )

  test.for(['relay', 'pushdown'] as const)(
    'by %s, where the flow says that it is fatal: the run fails, says so, and resumes',
    async (ways) => {
      await using p = await changed(ways, '      on_error: [{ code: TM5003, do: fatal }]\n')
      await using child = p.start({ at: 'batch:begun:2', signal: 'SIGSTOP', wish: WISH })
      await child.said('stopped')
      await using other = await p.b.connect()
      await other.begin('', 'LOCK TABLE lake.dst IN SHARE MODE')
      await wake(child)
      const { runs } = await saidBy(child)
      expect(runs).toMatchObject([{ status: 'failed', error: { code: 'TM5003' } }])
      expect(runs[0]?.error?.message).toContain('lock timeout')
      expect(await p.b.rows(CHANGED)).toEqual([['1000']])
      await other.rollback()
      await resumes(p, present(runs[0]?.run, 'run'))
    },
  )
})

test('no room for temporary files: the run says so, and resumes when there is', async () => {
  await using p = await changed('pushdown')
  const name = p.b.options.database
  await p.b.exec(`ALTER DATABASE ${name} SET work_mem = '64kB'`, `ALTER DATABASE ${name} SET temp_file_limit = '400kB'`)
  const { run, ...failed } = await p.run({ batchRows: ROWS })
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'TM2004' } })
  expect(await p.b.rows(CHANGED)).toEqual([['0']])
  await p.b.exec(`ALTER DATABASE ${name} RESET temp_file_limit`)
  await resumes(p, present(run, 'run'))
})

/** A file system that is full at so many MB; only root can make one. */
function smallDisk(mb: number) {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mb}m`, 'tmpfs', dir])
  chmodSync(dir, 0o700)
  chownSync(dir, 65_534, 65_534)
  return {
    dir,
    grow: (to: number) => void execFileSync('mount', ['-o', `remount,size=${to}m`, dir]),
    [Symbol.dispose]: () => {
      execFileSync('umount', [dir])
      rmSync(dir, { recursive: true })
    },
  }
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    smallDisk(1)[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

describe.skipIf(!canMount())('a full disk', () => {
  test.for(VERSIONS)(
    'under the target table on PostgreSQL %s: the run says so, and resumes when there is room',
    async (version) => {
      await using p = await ProcessProject.open({ ways: 'relay', version })
      await p.a.exec(TABLE, rowsFrom(1, ROWS * 5))
      using disk = smallDisk(4)
      const space = `small_${p.b.options.database}`
      await p.b.rows(`CREATE TABLESPACE ${space} LOCATION '${disk.dir}'`)
      await p.b.exec(
        `CREATE TABLE lake.dst (id bigint PRIMARY KEY, name text, modified_on timestamptz NOT NULL) TABLESPACE ${space}`,
      )
      const { run, ...failed } = await p.run(WISH)
      expect(failed).toMatchObject({ status: 'failed', error: { code: 'TM2004' } })
      expect(failed.error?.message).toContain('No space left')
      const wreck = present(await wreckOf(p, { rows: 0, runs: 0 }, 'failed'), 'wreck')
      disk.grow(64)
      expect(await p.resume(run ?? '', WISH)).toMatchObject({
        error: null,
        status: 'succeeded',
        rows: { inserted: ROWS * 5 },
      })
      await expectRecovered(p, wreck, run ?? '')
      await p.b.exec('DROP TABLE lake.dst')
      await p.b.rows(`DROP TABLESPACE ${space}`)
    },
  )
})
