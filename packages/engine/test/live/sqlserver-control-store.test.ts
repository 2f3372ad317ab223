import { describe } from 'vitest'
import { controlStoreContract } from '../contract/control-store-contract.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { serverAbilities, SqlServerStoreHarness } from './sqlserver-store-harness.ts'

const NO_LOCKS = 'this server keeps no lock of a row that was only read'
const NO_FOREIGN_KEYS = 'this server fails at foreign keys between texts that have a collation of their own'

const WITHOUT_LOCKS: Readonly<Record<string, string>> = {
  'twenty claims at once give twenty batches, whichever connection they come from': NO_LOCKS,
}
const WITHOUT_FOREIGN_KEYS: Readonly<Record<string, string>> = {
  'rows that no definition can have are refused by the tables': NO_FOREIGN_KEYS,
}

const { rowLocks, foreignKeys } = await serverAbilities()
const cannot = { ...(rowLocks ? {} : WITHOUT_LOCKS), ...(foreignKeys ? {} : WITHOUT_FOREIGN_KEYS) }

describe.skipIf(TEST_SERVER === null)('a server of SQL Server’s protocol', () => {
  controlStoreContract('sqlserver', () => SqlServerStoreHarness.make(), cannot)
})
