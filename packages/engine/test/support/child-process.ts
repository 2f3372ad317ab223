/** Starts `child-engine.ts`, `child-app.ts` and the command line as processes that a test may kill. */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppOrder } from './child-app.ts'
import type { ChildOrder } from './child-engine.ts'
import type { World } from './world.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Child extends AsyncDisposable {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** It said this line. Rejects when it ends without. */
  said(line: string): Promise<void>
  kill(signal: NodeJS.Signals): void
}

const ENGINE = join(import.meta.dirname, 'child-engine.ts')
const APP = join(import.meta.dirname, 'child-app.ts')
const CLI = join(import.meta.dirname, '../../bin/tidemark.js')

export type Order = Pick<ChildOrder, 'flow'> & Partial<Omit<ChildOrder, 'dir'>>

/** Disposing the child kills it. */
export function startChild(world: World, order: Order): Child {
  const full: ChildOrder = {
    dir: world.dir,
    resume: null,
    batchRows: 2,
    workers: 1,
    waitMs: 0,
    lane: null,
    dieAt: null,
    holdAt: null,
    ...order,
  }
  return start(['--conditions=tidemark-source', ENGINE, JSON.stringify(full)], {})
}

/** `tidemark ARGS` in that folder, dying at `failpoint`. */
export const startCli = (dir: string, args: readonly string[], failpoint: string | null): Child =>
  start([CLI, '--project', dir, ...args], failpoint === null ? {} : { TIDEMARK_FAILPOINT: failpoint })

/** The project's run in a process with these variables: `child-app.ts`. */
export const startApp = (order: AppOrder, env: Readonly<Record<string, string>>): Child =>
  start(['--conditions=tidemark-source', APP, JSON.stringify(order)], env)

function start(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'tidemark-compile-cache'), ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting: { readonly line: string; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  const look = (): void => {
    for (const w of waiting) if (stdout.split('\n').includes(w.line)) w.resolve()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      for (const w of waiting) w.reject(new Error(`the child ended without "${w.line}": ${stdout}${stderr}`))
      resolve({ code, signal, stdout, stderr })
    })
  })
  return {
    pid: child.pid ?? -1,
    ended,
    said: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ line, resolve, reject })
        look()
      }),
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
