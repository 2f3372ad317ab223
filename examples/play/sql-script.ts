/** Runs a script of SQL in a project's folder, as a person would; its last statement's rows. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

export type SqlRow = readonly (string | null)[]

const RUN_SQL = path.join(import.meta.dirname, 'run-sql.ts')

export async function runSqlScript(project: string, script: string, signal: AbortSignal): Promise<readonly SqlRow[]> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [RUN_SQL, script], { cwd: project, signal })
    return JSON.parse(stdout)
  } catch (error) {
    signal.throwIfAborted()
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    throw new Error(`${script}: ${said}`, { cause: error })
  }
}
