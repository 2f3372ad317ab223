import type { Abilities } from '../contract.ts'
import { abilities as duckdb } from '../duckdb/abilities.ts'

/** Nobody knows which files are still being written, so there is no ceiling; whoever wrote the rows stamped them. */
export const abilities: Abilities = { ...duckdb, ceiling: false, stampedBy: 'application', openBatches: 1 }
