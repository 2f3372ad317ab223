import { accessSync, constants, statfsSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LONG } from './packages/engine/test/support/long.ts'

/** The workspace's own packages run from their sources, never from a stale build. */
const conditions = ['tidemark-source', 'node', 'module-sync']

/**
 * Suites with a command of their own, too heavy for `npm test`: folder under packages/engine/test → limit of one test.
 * In the order in which they begin where all run at once (`npm run test:heavy`): files that last minutes first, so that
 * none of them is left alone at the end.
 */
const HEAVY = {
  model: 1_200_000,
  crash: 600_000,
  semantics: 60_000,
  demo: 300_000,
  live: 120_000,
  pack: 600_000,
  workers: 120_000,
  e2e: 120_000,
  tsql: 60_000,
}

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = Object.keys(HEAVY)
    const place = ({ project }: TestSpecification): number => order.indexOf(project.name)
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

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

/** What says of one version, or of other ends, what another suite says of the newest. */
const ONLY_LONG: readonly string[] = LONG
  ? []
  : [
      'packages/engine/test/live/postgres-semantics-15-*.test.ts',
      'packages/engine/test/live/snapshot-semantics-postgres.test.ts',
    ]

/** A run between two servers takes seconds: random tests of it are fewer. */
const ENV: Readonly<Record<string, Record<string, string>>> = LONG
  ? { live: { PBT_RUNS: String(Math.min(300, Number(process.env['PBT_RUNS'] ?? 300))) } }
  : {}

/** Of the folder `semantics` those whose tests run a flow many times; the others are part of `npm test`. */
const MANY_RUNS =
  '{bad-input,columns,coverage,custom-steps,drift,fence,folder-*,lease,mask,names,ranges,rejects,replace,resume*,retry-rejects,snapshot-*,target-trust,tree-*,unique-*,unmatched}'

const testsOf = (folder: string) =>
  `packages/engine/test/${folder}/${folder === 'semantics' ? MANY_RUNS : '**/*'}.test.ts`

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    silent: 'passed-only',
    sequence: { sequencer: LongFirst },
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
          env: ENV[name] ?? {},
          globalSetup: WITH_POSTGRES.includes(name) ? [POSTGRES] : [],
        },
      })),
    ],
  },
})
