/** What only `.ci/run --long` does: suites that say the same of a second version, and random tests with many more runs. */
import type { Version } from './postgres-server.ts'

export const LONG = process.env['TEST_LONG'] === '1'

/**
 * Every `n`th of the cases of a matrix, from `first` on, or all. A matrix is several ways times many points: each point is
 * met in some of the ways, and each way at some of the points.
 */
export const someOf = <T>(n: number, cases: readonly T[], first = 0): readonly T[] =>
  LONG ? cases : cases.filter((_, i) => i % n === first % n)

/** The newest alone, or all. */
export const LONG_VERSIONS: readonly Version[] = LONG ? ['15', '18'] : ['18']

const today = Temporal.Now.plainDateISO().dayOfYear

/** In the gate a third of the tests that say of another system what is said of DuckDB: the others on the two days after. */
export const inTurn = (title: string): boolean =>
  process.env['TEST_THIRD'] !== '1' ||
  (Array.from(title).reduce((n, c) => n + (c.codePointAt(0) ?? 0), 0) + today) % 3 === 0
