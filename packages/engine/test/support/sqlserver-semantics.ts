/** The engine's semantics, as the suites of test/semantics state them, within one SQL Server. */
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import { errorNumber } from '../../src/drivers/sqlserver.ts'
import type { SqlServerDatabase } from './sqlserver-database.ts'
import { TEST_SERVER } from './sqlserver-server.ts'
import { closePooled } from './sqlserver-pool.ts'
import { dropShared, sqlserverEnds } from './sqlserver-ends.ts'
import { openWorldsWith, slowBy } from './world-ends.ts'

vi.mock(import('../../src/drivers/sqlserver-connect.ts'), async (original) => {
  const driver = await original()
  const { pooled } = await import('./sqlserver-pool.ts')
  return { ...driver, connectClient: pooled(driver.connectClient) }
})

/**
 * Suites by the file they are in: a file of live tests is one process, and one that a person waits for. Those that are left
 * out are about files, spools, casts or DuckDB itself.
 */
const SUITES = {
  rows: [
    () => import('../semantics/backfill.test.ts'),
    () => import('../semantics/batches.test.ts'),
    () => import('../semantics/newest-wins.test.ts'),
  ],
  nulls: [() => import('../semantics/nulls.test.ts'), () => import('../semantics/replace.test.ts')],
  unique: [
    () => import('../semantics/unique-conflicts.test.ts'),
    () => import('../semantics/custom-steps-rows.test.ts'),
  ],
  rejects: [() => import('../semantics/rejects.test.ts'), () => import('../semantics/retry-rejects.test.ts')],
  'side-table': [() => import('../semantics/side-table.test.ts'), () => import('../semantics/target-trust.test.ts')],
  // the fence last: its leases are short, and the first sessions of a process are slow
  fence: [() => import('../semantics/period.test.ts'), () => import('../semantics/fence.test.ts')],
  lease: [() => import('../semantics/lease.test.ts'), () => import('../semantics/scope.test.ts')],
  resume: [() => import('../semantics/resume.test.ts')],
  'resume-flat': [() => import('../semantics/resume-flat.test.ts')],
  windows: [() => import('../semantics/unmatched.test.ts'), () => import('../semantics/window.test.ts')],
  'tree-ancestors': [() => import('../semantics/tree-ancestors.test.ts')],
  'tree-moves': [() => import('../semantics/tree-moves.test.ts')],
  'tree-orphans': [
    () => import('../semantics/tree-orphans.test.ts'),
    () => import('../semantics/tree-rejects.test.ts'),
  ],
  'tree-resume': [() => import('../semantics/tree-resume.test.ts')],
  'tree-references': [
    () =>
      import('../contract/tree-references-contract.ts').then(({ treeReferencesContract }) => treeReferencesContract()),
  ],
  'tree-shapes': [() => import('../semantics/tree-shape.test.ts')],
} as const

/** Tests that say something of DuckDB, or what SQL Server does in another way. */
const NOT_HERE: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'the test names types, errors or statements as DuckDB does': [
    'a failing batch leaves nothing of itself: rows, marker and position come together or not at all',
    'replace makes the target what the source is: rows that are gone go, rows that changed are new',
    'a replaced table keeps its constraints, indexes and defaults',
    'rows that only the target can refuse are found, and the others land',
    'what a cast cannot hold exactly is a reject that names column, value and type',
  ],
  'the test opens the files of its world itself': [
    'the worked example of queue and batch in the docs runs as it stands',
    'a template written into the control tables by plain SQL runs, and a later edit stops with the choice',
    'nulls: always delivers them while a transaction holds back the window',
    'a second process is refused by the lease of the first, and by its lock on the file, both naming the process',
    'a flow into a file that another flow of the process reads is refused until that one ends',
    /^the target (file deleted|restored)/,
    /^a row exactly on (upTo|after) is/,
    'a batch whose parent is not there any more fails, and a resume looks for the parents again',
  ],
  'rows are read where they lie in a DuckDB file; here their keys are captured, in the order of the key': [
    'a first load is cut for its workers, changes of a filled target are not',
    'a batch is cut at its bytes, when they come before its rows',
    'a row larger than the limit of bytes is a batch of its own and is delivered',
    'a dry run counts the rows that would not land, and writes none',
    'rejects that are mended before a resume that reads everything left again are no rejects of the run any more',
    'a resume keeps run id and stored window, skips what is done, continues the batch numbers and ends succeeded',
    'a resume whose captured keys are lost captures the same window again and delivers only what is open',
    'a resumed tree run whose source did not change goes on with its batches',
    'a tree lands by depth, in steps of roots and children',
  ],
  'a stamp may be rounded up, so a row is old enough a tick after its age, as the tests of bounds.ts say': [
    'a younger row waits, is counted as waiting until it is old enough, and arrives later',
  ],
  'two NULLs are one value to a unique index': [
    'a unique index counts as a constraint, several columns together, and NULL is held by nobody',
  ],
  'both tables are of one name, in two databases': [
    'locator, parent, key and table names with quotes, spaces and semicolons',
  ],
  'its lease is as short as a file is fast': [/^a worker whose renewals (hang|fail)/],
}

const reasonIn = (list: typeof NOT_HERE, title: string): string | undefined =>
  Object.entries(list).find(([, titles]) =>
    titles.some((t) => (typeof t === 'string' ? t === title : t.test(title))),
  )?.[0]

/** What a server lacks that speaks the protocol and is another one. It is tried, so that a SQL Server runs all of them. */
const LACKS: readonly Lack[] = [
  {
    why: 'this server leaves the escapes in the texts of OPENJSON, so it finds no key by its text',
    is: async (db) => (await db.rows(`SELECT [value] FROM OPENJSON(N'["\\""]')`))[0]?.[0] !== '"',
    titles: [
      'a quarantined row shows as open until a newer state of it lands',
      'a retry of a row in quarantine delivers it, and no other row',
      'retry does not overwrite a newer version',
      'a retry reads its keys alone, delivers them as they are now and leaves the watermark and every other reject',
      'a retry of a backfill reads its keys alone, not every row that is missing',
      'a retry that died is resumed as what it was, before anything new',
      'on_conflict quarantine keeps the row out until its value is free',
      'a metadata row that is there before its main row is remembered, and delivered when the main row appears though the window has passed',
      'a position row that is changed while it waits for its main row stays remembered once',
      'without a declared age an unmatched row is looked for as long as it takes',
      'an unmatched row remembered by one scope is not lost to a run of another',
      'a scope remembers only unmatched rows of its own',
      'an unmatched row whose main row comes as an orphan goes on being looked at',
      'orphans: skip leaves them out, counts them, and delivers them when the parent appears',
      'orphans: quarantine opens rejects, the run succeeds with rejects, and they close when the parent appears',
      'an orphan remembered by one scope stays remembered through runs of another scope',
      'orphans: skip leaves a cycle and what hangs below it out, orphans: quarantine rejects it as a cycle',
      'a quarantined row that a crashed run had delivered counts as delivered after the resume',
    ],
  },
  {
    why: 'this server looks at a unique index row by row',
    is: (db) =>
      fails(db, 'CREATE TABLE tried (i int UNIQUE)', 'INSERT INTO tried VALUES (1), (2)', 'UPDATE tried SET i = 3 - i'),
    titles: [
      'two unique values swapped in one batch land',
      'two folders that change places move in one batch, with all that is below both',
    ],
  },
  {
    why: 'this server does not show the transactions of others, so numbers have no ceiling',
    is: (db) => fails(db, 'SELECT TOP (0) transaction_id FROM sys.dm_tran_active_transactions'),
    titles: [
      'a target column of another type than the position holds no order: the side table does',
      /^nulls: always delivers them (also while no number is|where no row has a number)/,
    ],
  },
  {
    why: 'on this server nothing that was read stays locked',
    is: holdsNoLock,
    titles: [
      /^a worker that slept beyond its lease with its transaction open/,
      'a takeover waits for a batch that still commits, and then knows it',
    ],
  },
]

interface Lack {
  readonly why: string
  readonly is: (db: SqlServerDatabase) => Promise<boolean>
  readonly titles: readonly (string | RegExp)[]
}

async function fails(db: SqlServerDatabase, ...batches: readonly string[]): Promise<boolean> {
  try {
    await db.exec(...batches)
    return false
  } catch {
    return true
  }
}

/** A row is read to the end of a transaction, and another session changes it meanwhile. */
async function holdsNoLock(db: SqlServerDatabase): Promise<boolean> {
  await db.exec('CREATE TABLE held (i int)', 'INSERT INTO held VALUES (1)')
  await using other = await db.connect()
  await db.session.begin()
  try {
    await db.rows('SELECT i FROM held WITH (REPEATABLEREAD, ROWLOCK)')
    await other.script('SET LOCK_TIMEOUT 200; UPDATE held SET i = 2')
    return true
  } catch (error) {
    if (errorNumber(error) === LOCK_TIMED_OUT) return false
    throw error
  } finally {
    await db.session.rollback()
  }
}

const LOCK_TIMED_OUT = 1222

async function lacking(): Promise<typeof NOT_HERE> {
  const { db } = await sqlserverEnds()
  const found: Record<string, Lack['titles']> = {}
  for (const { why, is, titles } of LACKS) if (titles.length > 0 && (await is(db))) found[why] = titles
  await db.clean()
  return found
}

export async function importSemantics(about: keyof typeof SUITES): Promise<void> {
  openWorldsWith(() => sqlserverEnds())
  slowBy(5)
  let lacks: typeof NOT_HERE = {}
  beforeAll(async () => {
    if (TEST_SERVER !== null) lacks = await lacking()
  })
  beforeEach(({ task, skip }) => {
    if (TEST_SERVER === null) skip('TIDEMARK_TEST_SQLSERVER names no server')
    const why = reasonIn(NOT_HERE, task.name) ?? reasonIn(lacks, task.name)
    if (why !== undefined) skip(why)
  })
  afterAll(() => dropShared(closePooled))
  for (const suite of SUITES[about]) await suite()
}
