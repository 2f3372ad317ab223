/** The figures that each row has to keep, as the plan of the project sets them. */
import type { Result } from './result.ts'

interface Limit {
  readonly of: 'ratio' | 'ours' | 'peak_rss_mb'
  readonly direction: 'at most' | 'at least'
  readonly value: number
}

const ratio = (value: number): Limit => ({ of: 'ratio', direction: 'at most', value })
const ours = (direction: Limit['direction'], value: number): Limit => ({ of: 'ours', direction, value })
/** of the process, in MB */
const rss = (value: number): Limit => ({ of: 'peak_rss_mb', direction: 'at most', value })

const LIMITS: Readonly<Record<string, Readonly<Record<string, readonly Limit[]>>>> = {
  core: {
    'pushdown-backfill-5m': [ratio(1.3)],
    'pushdown-backfill-20m': [ratio(1.3)],
    'latest-1m-into-10m': [ratio(1.3)],
    'spool-5m': [ratio(1.3)],
    'nothing-to-do': [ours('at most', 400)],
    'ledger-commits-normal': [ours('at least', 20_000)],
    'ledger-commits-full': [ours('at least', 8_000)],
    memory: [ratio(1.2)],
  },
  postgres: {
    'full-load-5m': [ratio(1.1), rss(150)],
    'full-load-5m-parallel-2': [ratio(1), rss(150)],
    'full-load-uuid': [ratio(1.1), rss(150)],
    'full-load-uuid-parallel-2': [ratio(1), rss(150)],
    'latest-1m-into-10m': [ratio(1.15)],
    'delta-1m-of-20m': [ratio(1.5)],
    'pg-to-parquet': [ratio(1.15)],
    'parquet-to-pg': [ratio(1.15)],
    'linear-5m': [ratio(1.2)],
    'linear-20m': [ratio(1.2)],
    'linear-memory-5m': [ratio(1.2)],
    'linear-memory-20m': [ratio(1.2)],
  },
  snapshots: {
    'detect-vs-hash': [ratio(1.5), rss(1_500)],
    'detect-vs-sha256': [ratio(0.25)],
    'detect-vs-pandas': [ratio(0.1)],
    'second-unchanged': [ratio(1.1), rss(1_500)],
    'first-5m': [rss(2_000)],
    'second-5m': [rss(2_000)],
  },
  sqlserver: {
    'read-10m': [ratio(1.2)],
    'read-memory': [ratio(1.2)],
    'write-10m': [ratio(1.2)],
    'write-memory': [ratio(1.2)],
  },
}

/** `ok, ratio at most 1.3`; empty for a row without a limit. */
export const verdictOf = (suite: string, result: Result): string =>
  (LIMITS[suite]?.[result.name] ?? []).map((limit) => verdict(limit, result[limit.of])).join('; ')

const verdict = ({ of, direction, value }: Limit, figure: number): string =>
  `${(direction === 'at most' ? figure <= value : figure >= value) ? 'ok' : 'over'}, ${NAMES[of]} ${direction} ${value}`

/** as the table's columns are called */
const NAMES: Readonly<Record<Limit['of'], string>> = { ratio: 'ratio', ours: 'ours', peak_rss_mb: 'peak MB' }
