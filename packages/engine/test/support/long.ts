/** What only `.ci/run --long` does: suites that say the same of a second version, and random tests with many more runs. */
import type { Version } from './postgres-server.ts'

export const LONG = process.env['TEST_LONG'] === '1'

/** In the gate (`.ci/run`) tests that repeat what others hold come every so many days; 1: always. */
const DAYS = Number(process.env['TEST_DAYS'] || '1')

const today = Temporal.Now.plainDateISO().dayOfYear

/**
 * Every `n`th of the cases of a matrix, from `first` on, or all; in the gate a third as many, others each day. A matrix is
 * several ways times many points: each point is met in some of the ways, and each way at some of the points.
 */
export const someOf = <T>(n: number, cases: readonly T[], first = 0): readonly T[] => {
  if (LONG) return cases
  const [nth, from] = DAYS === 1 ? [n, first] : [n * 3, first + n * today]
  const some = cases.filter((_, i) => i % nth === from % nth)
  return some.length === 0 ? cases.slice(0, 1) : some
}

/** The newest alone, or all. */
export const LONG_VERSIONS: readonly Version[] = LONG ? ['15', '18'] : ['18']

/**
 * Is it the day of that test? For those that say of another system what is said of DuckDB, or that last long: examples,
 * benches, gigabytes.
 */
export const inTurn = (title: string): boolean =>
  (Array.from(title).reduce((n, c) => n + (c.codePointAt(0) ?? 0), 0) + today) % DAYS === 0
