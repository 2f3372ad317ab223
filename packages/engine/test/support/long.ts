/** What only `.ci/run --long` does: suites that say the same of a second version, and random tests with many more runs. */
import type { Version } from './postgres-server.ts'

export const LONG = process.env['TEST_LONG'] === '1'

/** The newest alone, or all. */
export const LONG_VERSIONS: readonly Version[] = LONG ? ['15', '18'] : ['18']
