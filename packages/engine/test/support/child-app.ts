/**
 * A process of its own that opens a project as the command line does and runs, resumes or joins there, as `child-process.ts`
 * told it. It ends itself, or stops as if its machine had paused, where it was told to. Says its document as JSON.
 */
import { openApp } from '../../src/app/wire.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { readConfig } from '../../src/runtime/config.ts'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { AS_IT_STANDS, type RunWish } from './run-wish.ts'

export interface AppOrder {
  readonly dir: string
  readonly task: 'run' | 'resume' | 'join'
  /** of the run that is resumed or joined */
  readonly run: string | null
  readonly wish: RunWish
  /** a failpoint and which time: `batch:begun:3`. Null: it works to its end */
  readonly at: string | null
  /** what happens there; SIGSTOP is said as the line `stopped` first, and `awake` after it */
  readonly signal: 'SIGKILL' | 'SIGSTOP'
}

function hitOf({ at, signal }: AppOrder): Hit {
  const match = /^(.*?)(?::(\d+))?$/.exec(at ?? '')
  let left = Number(match?.[2] ?? 1)
  return (point) => {
    if (point !== match?.[1] || --left !== 0) return
    if (signal === 'SIGSTOP') process.stdout.write('stopped\n')
    process.kill(process.pid, signal)
    process.stdout.write('awake\n')
  }
}

const order = JSON.parse(process.argv[2] ?? '') as AppOrder
const never = new AbortController().signal
await using app = await openApp({
  projectDir: order.dir,
  actor: 'child',
  command: 'test',
  config: readConfig(null),
  hardSignal: never,
  hit: hitOf(order),
})
const { waitMs = 0, parallel = null } = order.wish
const about = { run: order.run ?? '', waitMs, parallel }
try {
  const document =
    order.task === 'run'
      ? await app.run({ ...AS_IT_STANDS, ...order.wish }, () => {}, never)
      : order.task === 'resume'
        ? await app.resume(about, () => {}, never)
        : await app.join(about, () => {}, never)
  process.stdout.write(`${JSON.stringify(document)}\n`)
} catch (error) {
  if (!(error instanceof AppError)) throw error
  process.stdout.write(`${JSON.stringify({ runs: [], error: { code: error.code, message: error.message } })}\n`)
}
