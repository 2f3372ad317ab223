/** The bench harness at a thousandth of its size: that it runs and what it prints. Nothing is said about time. */
import { beforeEach, expect, test } from 'vitest'
import { bench, BenchDocument, benchIn } from '../support/bench-command.ts'
import { inTurn, LONG } from '../support/long.ts'
import { emptyProject } from './project.ts'

/** Each takes seconds, whatever its size: processes are started for it. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  'nothing-to-do': ['nothing-to-do'],
  'pushdown-backfill-5m': ['pushdown-backfill-5m'],
  memory: ['memory'],
  ...(LONG && {
    'pushdown-backfill-20m': ['pushdown-backfill-20m'],
    'latest-1m-into-10m': ['latest-1m-into-10m'],
    'ledger-commits': ['ledger-commits-normal', 'ledger-commits-full'],
  }),
}

// of the gate's long ones some each day
beforeEach(({ task, skip }) => {
  if (!inTurn(task.name)) skip('on another day')
})

test('the bench answers one document of figures', async () => {
  await using folder = emptyProject()
  const only = Object.keys(FIGURES).flatMap((name) => ['--only', name])
  const small = ['--json', '--scale', '0.001', '--runs', '1', '--dir', folder.dir]
  const { exit, out, err } = await bench('core', ...small, ...only)
  expect({ exit, err: exit === 0 ? '' : err }).toEqual({ exit: 0, err: '' })
  const document = BenchDocument.parse(JSON.parse(out))
  expect(document.bench).toBe('core')
  expect(document.results.map((r) => r.name)).toEqual(expect.arrayContaining(Object.values(FIGURES).flat()))
  expect(document.results.filter((r) => r.runs !== 1)).toEqual([])
})

test('the bench measures three times, prints a table with limits for people, and refuses what it does not know with exit code 2', async () => {
  await using folder = emptyProject()
  const table = await bench('core', '--only', 'pushdown-backfill-5m', '--scale', '0.001', '--dir', folder.dir)
  expect(table.out).toMatch(/^bench +ours .*\npushdown-backfill-5m .* s +[\d.]+ +3 .* (ok|over), ratio at most 1\.3\n$/)
  expect(await bench('core', '--only', 'nonsense')).toMatchObject({ exit: 2, out: '' })
  expect(await bench('core', '--runs', '0')).toMatchObject({ exit: 2, out: '' })
  const full = await bench('nonsense')
  expect(full).toMatchObject({ exit: 2, out: '' })
  expect(full.err).toContain('usage: npm run bench')
})

test('the bench of snapshots tells detection, and what a run writes besides, apart', async () => {
  await using folder = emptyProject()
  // without pandas, which is installed for minutes
  const only = ['--only', 'detect', '--only', 'second-unchanged']
  const small = ['--json', '--scale', '0.001', '--runs', '1', '--dir', folder.dir]
  const { exit, out, err } = await bench('snapshots', ...small, ...only)
  expect({ exit, err: exit === 0 ? '' : err }).toEqual({ exit: 0, err: '' })
  expect(BenchDocument.parse(JSON.parse(out)).results.map((r) => r.name)).toEqual([
    'detect-vs-hash',
    'detect-vs-sha256',
    'archive-write',
    'hot-write',
    'second-unchanged',
    'second-rewritten',
  ])
})

test('the bench of PostgreSQL names the client that it lacks before it measures anything', async () => {
  await using folder = emptyProject()
  const { exit, out, err } = await benchIn({ PATH: folder.dir }, 'postgres', '--scale', '0.001')
  expect({ exit, out, err }).toEqual({
    exit: 2,
    out: '',
    err: 'missing: psql, the client of PostgreSQL (Debian package postgresql-client)\n',
  })
})
