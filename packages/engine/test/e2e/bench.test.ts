/** The bench harness at a thousandth of its size: that it runs and what it prints. Nothing is said about time. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { emptyProject } from './project.ts'

const MAIN = path.resolve(import.meta.dirname, '../../../../bench/main.ts')

const Document = z.strictObject({
  bench: z.literal('core'),
  results: z.array(
    z.strictObject({
      name: z.string(),
      ours: z.number().positive(),
      reference: z.number().positive(),
      ratio: z.number().positive(),
      unit: z.enum(['s', 'ms', '1/s', 'MB']),
      runs: z.int().min(3),
      peak_rss_mb: z.int().positive(),
    }),
  ),
})

function bench(
  ...args: readonly string[]
): Promise<{ readonly exit: unknown; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=tidemark-source', MAIN, ...args], (error, out, err) =>
      resolve({ exit: error === null ? 0 : error.code, out, err }),
    )
  })
}

const FIGURES = [
  'nothing-to-do',
  'pushdown-backfill-5m',
  'pushdown-backfill-20m',
  'latest-1m-into-10m',
  'ledger-commits-normal',
  'ledger-commits-full',
  'memory',
]

test('the bench answers one document of figures, each measured at least three times', async () => {
  await using folder = emptyProject()
  const { exit, out, err } = await bench('core', '--json', '--scale', '0.001', '--dir', folder.dir)
  expect({ exit, err: exit === 0 ? '' : err }).toEqual({ exit: 0, err: '' })
  const names = Document.parse(JSON.parse(out)).results.map((r) => r.name)
  expect(names).toEqual(expect.arrayContaining(FIGURES))
})

test('the bench prints a table with limits for people, and refuses what it does not know with exit code 2', async () => {
  await using folder = emptyProject()
  const table = await bench('core', '--only', 'pushdown-backfill-5m', '--scale', '0.001', '--dir', folder.dir)
  expect(table.out).toMatch(/^bench +ours .*\npushdown-backfill-5m .* (ok|over), ratio at most 1\.3\n$/)
  expect(await bench('core', '--only', 'nonsense')).toMatchObject({ exit: 2, out: '' })
  const full = await bench('nonsense')
  expect(full).toMatchObject({ exit: 2, out: '' })
  expect(full.err).toContain('usage: npm run bench')
})
