/** The figures that each row has to keep, as the plan of the project sets them. */
import type { Result } from './result.ts'

interface Limit {
  readonly of: 'ratio' | 'ours'
  readonly direction: 'at most' | 'at least'
  readonly value: number
}

const LIMITS: Readonly<Record<string, Limit>> = {
  'pushdown-backfill-5m': { of: 'ratio', direction: 'at most', value: 1.3 },
  'pushdown-backfill-20m': { of: 'ratio', direction: 'at most', value: 1.3 },
  'latest-1m-into-10m': { of: 'ratio', direction: 'at most', value: 1.3 },
  'spool-5m': { of: 'ratio', direction: 'at most', value: 1.3 },
  'nothing-to-do': { of: 'ours', direction: 'at most', value: 400 },
  'ledger-commits-normal': { of: 'ours', direction: 'at least', value: 20_000 },
  'ledger-commits-full': { of: 'ours', direction: 'at least', value: 8_000 },
  memory: { of: 'ratio', direction: 'at most', value: 1.2 },
}

/** `ok, ratio at most 1.3`; empty for a row without a limit. */
export function verdictOf(result: Result): string {
  const limit = LIMITS[result.name]
  if (limit === undefined) return ''
  const value = result[limit.of]
  const kept = limit.direction === 'at most' ? value <= limit.value : value >= limit.value
  return `${kept ? 'ok' : 'over'}, ${limit.of} ${limit.direction} ${limit.value}`
}
