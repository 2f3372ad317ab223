/** The bench of PostgreSQL at a thousandth of its size: that it runs and what it answers. Nothing is said about time. */
import { expect, test } from 'vitest'
import { bench, BenchDocument } from '../support/bench-command.ts'
import { LONG } from '../support/long.ts'

/** Each takes seconds, whatever its size: processes and databases are made for it. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  'full-load-uuid': ['full-load-uuid', 'full-load-uuid-parallel-2'],
  'parquet-to-pg': ['parquet-to-pg'],
  ...(LONG && {
    linear: ['linear-5m', 'linear-memory-5m', 'linear-20m', 'linear-memory-20m'],
    'full-load-5m': ['full-load-5m', 'full-load-5m-parallel-2'],
    'latest-1m-into-10m': ['latest-1m-into-10m'],
    'delta-1m-of-20m': ['delta-1m-of-20m'],
    'pg-to-parquet': ['pg-to-parquet'],
  }),
}

test('the bench of PostgreSQL measures every figure that it has a limit for, on a server that it starts itself', async () => {
  const only = Object.keys(FIGURES).flatMap((name) => ['--only', name])
  const { exit, out, err } = await bench('postgres', '--json', '--scale', '0.001', '--runs', '1', ...only)
  expect({ exit, err: exit === 0 ? '' : err }).toEqual({ exit: 0, err: '' })
  const { bench: suite, results } = BenchDocument.parse(JSON.parse(out))
  expect(suite).toBe('postgres')
  expect(results.map((r) => r.name).toSorted()).toEqual(Object.values(FIGURES).flat().toSorted())
})
