import { describe } from 'vitest'
import { controlStoreContract } from '../contract/control-store-contract.ts'
import { TEST_SERVER } from '../support/sqlserver-database.ts'
import { keepsRowLocks, SqlServerStoreHarness } from './sqlserver-store-harness.ts'

const NO_LOCKS = 'this server keeps no lock of a row that was only read'

const WITHOUT_LOCKS: Readonly<Record<string, string>> = {
  'twenty claims at once give twenty batches, whichever connection they come from': NO_LOCKS,
}

const cannot = (await keepsRowLocks()) ? {} : WITHOUT_LOCKS

describe.skipIf(TEST_SERVER === null)('a server of SQL Server’s protocol', () => {
  controlStoreContract('sqlserver', () => SqlServerStoreHarness.make(), cannot)
})
