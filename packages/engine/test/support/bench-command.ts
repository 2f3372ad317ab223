/** The bench harness as a program, and the document that it answers. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { z } from 'zod'

const MAIN = path.resolve(import.meta.dirname, '../../../../bench/main.ts')

export const BenchDocument = z.strictObject({
  bench: z.string(),
  results: z.array(
    z.strictObject({
      name: z.string(),
      ours: z.number().positive(),
      reference: z.number().positive(),
      ratio: z.number().positive(),
      unit: z.enum(['s', 'ms', '1/s', 'MB', '×']),
      runs: z.int().min(1),
      peak_rss_mb: z.int().positive(),
    }),
  ),
})

export interface BenchAnswer {
  readonly exit: unknown
  readonly out: string
  readonly err: string
}

export const bench = (...args: readonly string[]): Promise<BenchAnswer> => benchIn({}, ...args)

/** With these variables instead of its own. */
export function benchIn(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<BenchAnswer> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=tidemark-source', MAIN, ...args],
      { env: { ...process.env, ...environment } },
      (error, out, err) => resolve({ exit: error === null ? 0 : error.code, out, err }),
    )
  })
}
