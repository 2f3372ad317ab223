/**
 * A process of its own that opens the folder of a World and runs or resumes a flow there, as `child-process.ts` told
 * it. It dies by SIGKILL where it was told to: files and locks are then left as a crash leaves them.
 */
import type { FlowSpec } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import { openControlStore } from '../../src/control/open-control-store.ts'
import type { Bench } from '../../src/dialects/contract.ts'
import type { OpenedBench, RunDeps } from '../../src/run/run-deps.ts'
import { dieAt, type Failpoint, type Hit, neverHit } from '../../src/runtime/failpoint.ts'
import { type RunWish, World } from './world.ts'

export interface ChildOrder {
  readonly dir: string
  readonly flow: FlowSpec
  /** null: run */
  readonly resume: string | null
  readonly batchRows: number
  readonly workers: number
  readonly waitMs: number
  /** null: the planner's choice */
  readonly lane: 'pushdown' | 'spool' | null
  /** a failpoint and which time (`batch:begun:3`), or `capture:half`: captured keys written, the capture not whole */
  readonly dieAt: string | null
  /** says `held` there and waits for ever */
  readonly holdAt: Failpoint | null
}

class ChildWorld extends World {
  readonly #dieInCapture: boolean

  constructor(dir: string, store: World['store'], dieInCapture: boolean) {
    super(dir, store, {})
    this.#dieInCapture = dieInCapture
  }

  override deps(wish?: RunWish): RunDeps {
    const deps = super.deps(wish)
    if (!this.#dieInCapture) return deps
    return { ...deps, openBench: async (definition, run) => dyingInCapture(await deps.openBench(definition, run)) }
  }
}

function dyingInCapture(opened: OpenedBench): OpenedBench {
  const work = new Proxy(opened.bench.work, {
    get: (target, name) => {
      if (name === 'checkKeys') return () => process.kill(process.pid, 'SIGKILL')
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const bench = new Proxy(opened.bench, {
    get: (target, name) => {
      if (name === 'work') return work
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as Bench
  return { ...opened, bench }
}

function hitOf(order: ChildOrder): Hit {
  if (order.holdAt !== null)
    return async (point) => {
      if (point !== order.holdAt) return
      process.stdout.write('held\n')
      setInterval(() => {}, 60_000)
      await new Promise(() => {})
    }
  return order.dieAt === null || order.dieAt === 'capture:half' ? neverHit : dieAt(order.dieAt)
}

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder
await using store = await openControlStore(`sqlite:${order.dir}/control.db`, { projectDir: order.dir, readOnly: false })
const world = new ChildWorld(order.dir, store, order.dieAt === 'capture:half')
const wish = {
  batchRows: order.batchRows,
  workers: order.workers,
  waitMs: order.waitMs,
  hit: hitOf(order),
  ...(order.lane && { lane: order.lane }),
}
const run =
  order.resume === null ? await world.run(order.flow, wish) : await world.resume(parseRunId(order.resume), wish)
process.stdout.write(`${run.state}\n`)
