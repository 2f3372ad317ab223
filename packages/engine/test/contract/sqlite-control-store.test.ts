import { controlStoreContract } from './control-store-contract.ts'
import { SqliteHarness } from './sqlite-harness.ts'

controlStoreContract('sqlite', () => SqliteHarness.make())
