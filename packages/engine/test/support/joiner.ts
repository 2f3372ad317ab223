/** Workers that join a run, in engines of their own; and such that sleep past their time without knowing. */
import type { EventName } from '@tidemark/contract/events'
import type { FlowSpec } from '@tidemark/contract/flow'
import { joinRun } from '../../src/run/join-run.ts'
import type { Joined } from '../../src/run/joined.ts'
import type { RunDeps } from '../../src/run/run-deps.ts'
import type { RunRow } from '../../src/control/control-store.ts'
import { rows, TABLE } from './flat.ts'
import { gateAt } from './gate.ts'
import { runningOf } from './sleeper.ts'
import { openWorld, type RunWish, type World, type WorldOptions } from './world.ts'

const never = new AbortController().signal

/** `count` rows, and files that two engines may share. */
export async function sharedWorld(count: number, options: WorldOptions = {}): Promise<World> {
  const w = await openWorld({ joinable: { sharesKeys: true }, ...options })
  await w.source(TABLE, rows(count))
  return w
}

/** Its heartbeats are only dreamt of, and it leaves nothing as it should. */
export function sleepingJoiner(w: World, wish: RunWish): RunDeps {
  const deps = w.deps(wish)
  const { store } = deps
  const ledger = { ...store.ledger, attend: () => Promise.resolve(true), leave: () => Promise.resolve() }
  return { ...deps, store: { ...store, ledger } }
}

export const joinWith = (deps: RunDeps, id: RunRow['id']): Promise<Joined> =>
  joinRun(deps, id, { soft: never, hard: never })

export const runOf = async (w: World, flow: FlowSpec): Promise<RunRow['id']> => (await runningOf(w, flow)).id

/** An owner that waits with the `nth` batch that it claimed in hand, until it is let go. */
export async function heldOwner(
  w: World,
  flow: FlowSpec,
  { nth = 1, hit, ...wish }: RunWish & { readonly nth?: number },
) {
  const gate = gateAt('batch:claimed', nth)
  const owner = w.run(flow, {
    ...wish,
    hit: async (point) => {
      await gate.hit(point)
      await hit?.(point)
    },
  })
  await gate.reached
  const letGo = (): void => gate.open()
  return { owner, id: await runOf(w, flow), letGo, [Symbol.dispose]: letGo }
}

/** Resolves when that event was emitted; `emit` is to be given to the worker. */
export function heard(event: EventName): { readonly emit: NonNullable<RunWish['emit']>; readonly once: Promise<void> } {
  const seen = Promise.withResolvers<void>()
  return {
    emit: (e) => {
      if (e === event) seen.resolve()
    },
    once: seen.promise,
  }
}

/** Batch by batch: state and attempts. */
export const attempts = async (w: World, id: RunRow['id']): Promise<readonly string[]> =>
  (await w.store.ledger.listBatches(id)).map((b) => `${b.state} ${b.attempts}`)
