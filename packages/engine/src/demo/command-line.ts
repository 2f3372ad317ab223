/** The real command as a child process: what the demo shows is what a user gets. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import {
  ErrorDocument,
  RunDocument,
  RunsDocument,
  ShowDocument,
  StatusDocument,
  WatermarksDocument,
} from '@tidemark/contract/api'
import { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import type { z } from 'zod'
import { AppError } from '../runtime/app-error.ts'
import { childEnvironment } from '../runtime/config.ts'
import type { Failpoint } from '../runtime/failpoint.ts'

/** Beside `src` in a clone and beside `dist` in a package. */
export const PROGRAM = path.resolve(import.meta.dirname, '../../bin/tidemark.js')

/** A child that was asked to stop and does not is ended after this long. */
const STOP_MS = 10_000

export interface Ended {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export class CommandLine {
  readonly #project: string
  readonly #signal: AbortSignal

  constructor(project: string, signal: AbortSignal) {
    this.#project = project
    this.#signal = signal
  }

  /** Runs to its end, whatever that is. `dieAt`: the child kills itself there, as a crash would. */
  async play(args: readonly string[], dieAt: `${Failpoint}:${number}` | null = null): Promise<Ended> {
    this.#signal.throwIfAborted()
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.#project,
      env: childEnvironment(dieAt === null ? {} : { TIDEMARK_FAILPOINT: dieAt }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let timer: NodeJS.Timeout | undefined
    const stop = (): void => {
      child.kill('SIGTERM')
      timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    }
    this.#signal.addEventListener('abort', stop, { once: true })
    const [out, err]: [string[], string[]] = [[], []]
    child.stdout.setEncoding('utf8').on('data', (text: string) => void out.push(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => void err.push(text))
    try {
      const ended = await new Promise<Pick<Ended, 'exit' | 'signal'>>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (exit, signal) => resolve({ exit, signal }))
      })
      this.#signal.throwIfAborted()
      return { ...ended, stdout: out.join(''), stderr: err.join('') }
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', stop)
    }
  }

  run(...options: readonly string[]): Promise<RunDocument> {
    return this.#document(RunDocument, ['run', ...options])
  }

  runs(flow: string): Promise<RunsDocument> {
    return this.#document(RunsDocument, ['runs', flow])
  }

  show(run: string): Promise<ShowDocument> {
    return this.#document(ShowDocument, ['show', run])
  }

  status(): Promise<StatusDocument> {
    return this.#document(StatusDocument, ['status'])
  }

  snapshots(flow: string): Promise<SnapshotsDocument> {
    return this.#document(SnapshotsDocument, ['snapshot', 'list', flow])
  }

  watermarks(): Promise<WatermarksDocument> {
    return this.#document(WatermarksDocument, ['watermarks'])
  }

  async #document<T extends z.ZodType>(schema: T, args: readonly string[]): Promise<z.output<T>> {
    const ended = await this.play([...args, '--json'])
    const answer = parsed(ended.stdout)
    const document = schema.safeParse(answer)
    if (ended.exit === 0 && document.success) return document.data
    const said = ErrorDocument.safeParse(answer)
    const why = said.success ? said.data.error.message : ended.stderr.trim() || ended.stdout.trim()
    throw new AppError(
      'TM9002',
      `tidemark ${args.join(' ')} ended with ${ended.exit ?? ended.signal ?? 'nothing'}: ${why}`,
    )
  }
}

/** undefined: no JSON, so no document of any kind. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
