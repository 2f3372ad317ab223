import { describe } from 'vitest'
import { batchContract } from './control-store/batches.ts'
import { claimContract } from './control-store/claims.ts'
import { catalogContract } from './control-store/definitions.ts'
import { leaseContract } from './control-store/leases.ts'
import { persistenceContract } from './control-store/persistence.ts'
import { pruneContract } from './control-store/pruning.ts'
import { rejectContract } from './control-store/rejects.ts'
import { runContract } from './control-store/runs.ts'
import { settleContract } from './control-store/settling.ts'
import { inWorld, type MakeHarness } from './control-store/store-world.ts'
import { transitionContract } from './control-store/transitions.ts'

/**
 * What every control store keeps. An implementation's test calls it with a harness that makes an empty store, and with
 * the titles of what a server at hand cannot show, each with its reason.
 */
export function controlStoreContract(
  name: string,
  make: MakeHarness,
  cannot: Readonly<Record<string, string>> = {},
): void {
  const it = inWorld(make, cannot)
  describe(`control store contract: ${name}`, () => {
    leaseContract(it)
    runContract(it)
    batchContract(it)
    claimContract(it)
    settleContract(it)
    rejectContract(it)
    pruneContract(it)
    catalogContract(it)
    persistenceContract(it)
    transitionContract(it)
  })
}
