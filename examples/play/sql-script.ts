/**
 * Runs a script of SQL in a project's folder, as a person would: with psql or sqlcmd where its first line says so,
 * `-- psql "$SHOP_URL" -f sql/1-shop.sql`, `-- sqlcmd -i sql/1-office.sql, on the server of $OFFICE_URL`, else with DuckDB.
 */
import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { addAbortSignal } from 'node:stream'
import { promisify } from 'node:util'
import { readConfig } from '../../packages/engine/src/runtime/config.ts'
import { connectTo, NotReady } from './databases.ts'
import { connectToServer } from './server.ts'

export type SqlRow = readonly (string | null)[]

const RUN_SQL = path.join(import.meta.dirname, 'run-sql.ts')

/** A line of a script at which another session has its turn, while this one's transaction is open. */
const MEANWHILE = /^-- meanwhile\b.*$/m

/** Where one batch of a script of SQL Server ends. */
const GO = /^GO\s*$/im

interface Script {
  readonly text: string
  /** variable with the URL of the PostgreSQL database; null: DuckDB, or SQL Server */
  readonly database: string | null
  /** variable with the URL of the SQL Server; null: another */
  readonly server: string | null
}

async function readScript(project: string, script: string): Promise<Script> {
  const text = await readFile(path.join(project, script), 'utf8')
  return {
    text,
    database: /^-- psql "\$(\w+)"/.exec(text)?.[1] ?? null,
    server: /^-- sqlcmd .*\$(\w+)$/m.exec(text.slice(0, text.indexOf('\n')))?.[1] ?? null,
  }
}

/** The rows of the last statement; of a script of PostgreSQL none, of one of SQL Server those of its last batch. `meanwhile` runs where the script says so. */
export async function runSqlScript(
  project: string,
  script: string,
  signal: AbortSignal,
  meanwhile: (() => Promise<void>) | null = null,
): Promise<readonly SqlRow[]> {
  const { text, database, server } = await readScript(project, script)
  try {
    if (server !== null) return await onServer(project, server, text)
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

/** The rows of its last batch. */
async function onServer(project: string, variable: string, text: string): Promise<readonly SqlRow[]> {
  const url = readConfig(project).variable(variable)
  if (url === null) throw new NotReady(`${variable} is not set: it is the URL of the server of this example`)
  await using session = await connectToServer(url, project)
  let rows: readonly SqlRow[] = []
  for (const batch of text.split(GO)) if (batch.trim() !== '') rows = await session.rows(batch)
  return rows
}

function told(script: string, error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted()
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
  return new Error(`${script}: ${said}`, { cause: error })
}
