import { controlStoreContract } from '../contract/control-store-contract.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

for (const version of VERSIONS) controlStoreContract(`postgres ${version}`, () => PostgresStoreHarness.make(version))
