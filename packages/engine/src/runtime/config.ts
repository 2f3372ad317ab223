/** The one file that reads the environment. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { AppError } from './app-error.ts'
import { type Reference, resolveReferences, type Secret } from './secret.ts'

export interface Config {
  /** who the ledger records instead of the user of the operating system */
  readonly actor: string | null
  readonly noColor: boolean
  /** tests die here */
  readonly failpoint: string | null
  /** a variable by its name; null where it is not set */
  variable(name: string): string | null
}

type Variables = Readonly<Record<string, string | undefined>>

/** The environment, and below it the `.env` file of `dir`, which never overrides. */
export function readConfig(dir: string | null, environment: Variables = process.env): Config {
  const file = dir === null ? {} : readDotEnv(join(dir, '.env'))
  const variable = (name: string): string | null => environment[name] ?? file[name] ?? null
  return {
    actor: variable('TIDEMARK_ACTOR'),
    noColor: (variable('NO_COLOR') ?? '') !== '',
    failpoint: variable('TIDEMARK_FAILPOINT'),
    variable,
  }
}

/** What a child process is given: all of ours, and more. */
export const childEnvironment = (more: Variables): Record<string, string | undefined> => ({ ...process.env, ...more })

function readDotEnv(path: string): Variables {
  const text = readIfThere(path)
  return text === null ? {} : parseEnv(text)
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new AppError('TM1016', `${path} cannot be read (${String(code)})`, { cause: error })
  }
}

/** Opens the references in `text`; files are looked up beside `tidemark.yaml`. Names what is missing, never a value. */
export const openReferences = (text: string, config: Config, dir: string): string | Secret =>
  resolveReferences(text, (reference) => lookUp(reference, config, dir))

function lookUp({ from, name }: Reference, config: Config, dir: string): string {
  const value = from === 'env' ? config.variable(name) : readIfThere(resolve(dir, name))?.replace(/\r?\n$/, '')
  if (value !== null && value !== undefined) return value
  throw new AppError(
    'TM1016',
    from === 'env' ? `environment variable ${name} is not set` : `file ${name} does not exist`,
    {
      remedy:
        from === 'env'
          ? [`set ${name} in the environment, or in .env beside tidemark.yaml`]
          : ['mend the path, which counts from tidemark.yaml'],
      facts: { [from]: name },
    },
  )
}
