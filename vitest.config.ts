import { accessSync, constants, statfsSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import { LONG } from './packages/engine/test/support/long.ts'

/** The workspace's own packages run from their sources, never from a stale build. */
const conditions = ['tidemark-source', 'node', 'module-sync']

/** Suites with a command of their own, too heavy for `npm test`: folder under packages/engine/test → limit of one test. */
const HEAVY = { live: 120_000, e2e: 120_000, demo: 300_000, crash: 600_000, model: 1_200_000, pack: 600_000 }

/** Suites whose tests talk to real PostgreSQL servers, which are started once for all of them. */
const WITH_POSTGRES: readonly string[] = ['live', 'demo', 'crash']
const POSTGRES = 'packages/engine/test/support/postgres-setup.ts'

/** A folder in memory, where the system has a large one: a test that dies by SIGKILL, and not with the power, needs no disk. */
function inMemory(): Readonly<Record<string, string>> {
  const folder = '/dev/shm'
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > 4 * 1024 ** 3 ? { TMPDIR: folder } : {}
  } catch {
    return {} // another system, or a small one
  }
}
// here, and not as a project's `env`: the servers are children of this process
Object.assign(process.env, inMemory())

/** What says of one version what another suite says of the newest. */
const ONLY_LONG: readonly string[] = LONG ? [] : ['packages/engine/test/live/postgres-semantics-15-*.test.ts']

const testsOf = (folder: string) => `packages/engine/test/${folder}/**/*.test.ts`

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    silent: 'passed-only',
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['packages/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/dist/**', ...Object.keys(HEAVY).map(testsOf)],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...Object.entries(HEAVY).map(([name, limitMs]) => ({
        extends: true as const,
        test: {
          name,
          include: [testsOf(name)],
          exclude: [...configDefaults.exclude, ...ONLY_LONG],
          testTimeout: limitMs,
          hookTimeout: limitMs,
          globalSetup: WITH_POSTGRES.includes(name) ? [POSTGRES] : [],
        },
      })),
    ],
  },
})
