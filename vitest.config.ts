import { configDefaults, defineConfig } from 'vitest/config'

/** The workspace's own packages run from their sources, never from a stale build. */
const conditions = ['tidemark-source', 'node', 'module-sync']

/** Suites with a command of their own, too heavy for `npm test`: folder under packages/engine/test → limit of one test. */
const HEAVY = { live: 120_000, e2e: 120_000, demo: 300_000, crash: 600_000, model: 1_200_000, pack: 600_000 }

/** Suites whose tests talk to real PostgreSQL servers, which are started once for all of them. */
const WITH_POSTGRES: readonly string[] = ['live', 'demo', 'crash']
const POSTGRES = 'packages/engine/test/support/postgres-setup.ts'

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
          testTimeout: limitMs,
          hookTimeout: limitMs,
          fileParallelism: false,
          globalSetup: WITH_POSTGRES.includes(name) ? [POSTGRES] : [],
        },
      })),
    ],
  },
})
