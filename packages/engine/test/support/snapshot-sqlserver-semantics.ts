/** What snapshots mean, as the suites of test/semantics state it, with a target in SQL Server and a DuckDB file as the source. */
import { afterAll, beforeEach, vi } from 'vitest'
import { snapshotSqlServerEnds } from './snapshot-sqlserver-ends.ts'
import { dropShared } from './sqlserver-ends.ts'
import { closePooled } from './sqlserver-pool.ts'
import { TEST_SERVER } from './sqlserver-server.ts'
import { openWorldsWith } from './world-ends.ts'

vi.mock(import('../../src/drivers/sqlserver-connect.ts'), async (original) => {
  const driver = await original()
  const { pooled } = await import('./sqlserver-pool.ts')
  return { ...driver, connectClient: pooled(driver.connectClient) }
})

const NOT_HERE: Readonly<Record<string, readonly string[]>> = {
  'texts and bytes of any length are in no index of SQL Server, so that a table made for them has no key': [
    'a unique value is free before another row takes it',
    'a target row deleted by hand is no deletion, and a key that changes case is one',
    'keys are found in the target by what they are, whatever their types',
  ],
  'a batch begins while the one before it commits: how many are in when a run stops is not one number': [
    'an extraction that stands in for a lost one takes away what that had brought',
  ],
}

const reasonOf = (title: string): string | undefined =>
  Object.entries(NOT_HERE).find(([, titles]) => titles.includes(title))?.[0]

const SUITES = {
  live: () => import('../semantics/snapshot-live.test.ts'),
  forensic: () => import('../semantics/snapshot-forensic.test.ts'),
} as const

export async function importSqlServerSnapshots(about: keyof typeof SUITES): Promise<void> {
  openWorldsWith(() => snapshotSqlServerEnds('duckdb'))
  beforeEach(({ task, skip }) => {
    if (TEST_SERVER === null) skip('TIDEMARK_TEST_SQLSERVER names no server')
    const why = reasonOf(task.name)
    if (why !== undefined) skip(why)
  })
  afterAll(() => dropShared(closePooled))
  await SUITES[about]()
}
