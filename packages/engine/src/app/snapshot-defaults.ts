/** What a flow with snapshots need not say. Variables of an earlier system are honoured: see docs/from-change-detector.md. */
import { AppError } from '../runtime/app-error.ts'
import type { Config } from '../runtime/config.ts'

const DAY_MS = 86_400_000
const KEEP = 2

export interface SnapshotDefaults {
  readonly keep: number
  readonly retainMs: number | null
}

export function snapshotDefaults(config: Config): SnapshotDefaults {
  const days = wholeNumber(config, 'ARCHIVE_RETENTION_DAYS')
  return { keep: wholeNumber(config, 'SNAPSHOT_KEEP_COUNT') ?? KEEP, retainMs: days === null ? null : days * DAY_MS }
}

const KESTRA = 'KESTRA_POSTGRES_'
const NAME = 'kestra'

/** The options of a connection. Throws TM1016 where the variables name none. */
export function kestraDatabase(config: Config): Readonly<Record<string, unknown>> {
  const of = (...names: readonly string[]): string | null =>
    names.map((name) => config.variable(KESTRA + name)).find((value) => value !== null && value !== '') ?? null
  const host = of('HOST')
  if (host === null)
    throw new AppError('TM1016', `an archive without a connection, and environment variable ${KESTRA}HOST is not set`, {
      remedy: [
        'archive: { connection: NAME }',
        `or set ${KESTRA}HOST in the environment, or in .env beside tidemark.yaml`,
      ],
    })
  return {
    host,
    port: of('PORT'),
    database: of('DB', 'DATABASE') ?? NAME,
    user: of('USER', 'USERNAME') ?? NAME,
    password: of('PASSWORD'),
  }
}

function wholeNumber(config: Config, name: string): number | null {
  const text = config.variable(name)
  if (text === null || text === '') return null
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1)
    throw new AppError('TM1011', `the variable ${name} must be a whole number from 1 to 99999, not "${text}"`)
  return number
}
