/**
 * Runs a script of SQL in a project's folder, as a person would: with psql where its first line says so,
 * `-- psql "$SHOP_URL" -f sql/1-shop.sql`, else with DuckDB.
 */
import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { addAbortSignal } from 'node:stream'
import { promisify } from 'node:util'
import { connectTo } from './databases.ts'

export type SqlRow = readonly (string | null)[]

const RUN_SQL = path.join(import.meta.dirname, 'run-sql.ts')

/** A line of a script at which another session has its turn, while this one's transaction is open. */
const MEANWHILE = /^-- meanwhile\b.*$/m

interface Script {
  readonly text: string
  /** variable with the URL of the PostgreSQL database; null: DuckDB */
  readonly database: string | null
}

async function readScript(project: string, script: string): Promise<Script> {
  const text = await readFile(path.join(project, script), 'utf8')
  return { text, database: /^-- psql "\$(\w+)"/.exec(text)?.[1] ?? null }
}

/** The rows of the last statement; of a script of PostgreSQL none. `meanwhile` runs where the script says so. */
export async function runSqlScript(
  project: string,
  script: string,
  signal: AbortSignal,
  meanwhile: (() => Promise<void>) | null = null,
): Promise<readonly SqlRow[]> {
  const { text, database } = await readScript(project, script)
  try {
    if (database === null) return await inDuckdb(project, script, signal)
    await using session = await connectTo(project, database)
    const [first = '', ...rest] = meanwhile === null ? [text] : text.split(MEANWHILE)
    await session.script(first)
    if (meanwhile !== null) await meanwhile()
    for (const part of rest) await session.script(part)
    return []
  } catch (error) {
    throw told(script, error, signal)
  }
}

/** Runs a script that is one `COPY … TO STDOUT`, into a file. */
export async function copyOut(project: string, script: string, file: string, signal: AbortSignal): Promise<void> {
  const { text, database } = await readScript(project, script)
  if (database === null)
    throw new Error(`${script} must begin with the line: -- psql "$VARIABLE" -f ${script} > ${file}`)
  try {
    await using session = await connectTo(project, database)
    await mkdir(path.dirname(path.join(project, file)), { recursive: true })
    await session.copyOut(text, addAbortSignal(signal, createWriteStream(path.join(project, file))))
  } catch (error) {
    throw told(script, error, signal)
  }
}

async function inDuckdb(project: string, script: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN_SQL, script], { cwd: project, signal })
  return JSON.parse(stdout)
}

function told(script: string, error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted()
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
  return new Error(`${script}: ${said}`, { cause: error })
}
