/** Workers that sleep past their lease, as a process that was stopped does: it wakes up believing that it holds it. */
import type { RunRow } from '../../src/control/control-store.ts'
import type { FlowSpec } from '@tidemark/contract/flow'
import { runFlow } from '../../src/run/run-flow.ts'
import type { RunDeps } from '../../src/run/run-deps.ts'
import type { RunWish, World } from './world.ts'

const never = new AbortController().signal

type Renew = RunDeps['store']['leases']['renew']

/** The dependencies of a worker on another machine whose renewals go to `renew`. */
export function depsWithRenewals(w: World, wish: RunWish, renew: Renew): RunDeps {
  const deps = w.deps(wish)
  const { store } = deps
  const owner = { ...deps.owner, host: 'sleeper.example', actor: 'sleeper' }
  return { ...deps, owner, store: { ...store, leases: { ...store.leases, renew } } }
}

/** It only dreams of renewals, and of its place in the run, so nothing but fence and ledger can stop what it writes. */
export function sleepingDeps(w: World, wish: RunWish): RunDeps {
  const dreams = (): Promise<boolean> => Promise.resolve(true)
  const deps = depsWithRenewals(w, wish, dreams)
  return { ...deps, store: { ...deps.store, ledger: { ...deps.store.ledger, attend: dreams } } }
}

export const runWith = (deps: RunDeps, w: World, flow: FlowSpec, wish: RunWish): Promise<readonly RunRow[]> =>
  runFlow(deps, w.request(flow, wish), { soft: never, hard: never })

/** The error that a promise ends with; fails when it ends well. */
export const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new TypeError('it ended well')
    },
    (error: unknown) => error,
  )

/** What the ledger holds of a run, but for what moves by itself. */
export async function ledgerOf(w: World, id: RunRow['id']): Promise<unknown> {
  const { durationMs: _, ...run } = await w.store.ledger.getRun(id)
  return { run, steps: await w.store.ledger.listSteps(id), batches: await w.store.ledger.listBatches(id) }
}

/** The run that a worker is in the middle of. */
export async function runningOf(w: World, flow: FlowSpec): Promise<RunRow> {
  const run = await w.store.ledger.findUnfinished(flow.id, '{}')
  if (run === null) throw new TypeError('no run is under way')
  return run
}
