/** Another process at the same store, with a role of its own: a child of the test that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

const SQLITE_URL = 'sqlite:.tidemark/control.db'

export type Role = 'open' | 'race' | 'work' | 'write' | 'hold' | 'die-in-transaction'

export interface Child {
  /** What it printed, line by line, as it comes. */
  readonly lines: AsyncIterator<string>
  readonly process: ChildProcess
  /** Resolves with the exit code, or the signal that ended it, and what it wrote to stderr. */
  ended(): Promise<{ readonly by: number | string | null; readonly errors: string }>
}

/** `url`: of the store; by default the SQLite file of the folder. */
export function startChild(role: Role, projectDir: string, name: string, url = SQLITE_URL): Child {
  const script = join(import.meta.dirname, 'store-worker.ts')
  const child = spawn(process.execPath, ['--conditions=tidemark-source', script, role, projectDir, name, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const gone = once(child, 'close')
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    process: child,
    ended: async () => {
      await gone
      return { by: child.exitCode ?? child.signalCode, errors }
    },
  }
}
