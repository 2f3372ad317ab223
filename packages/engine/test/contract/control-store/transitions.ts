import { NO_ROWS } from '@tidemark/contract/row-counts'
import { BATCH, type BatchState, nextState, RUN, type RunEvent, type RunState } from '@tidemark/contract/states'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { RunId } from '@tidemark/contract/ids'
import { AppError } from '../../../src/runtime/app-error.ts'
import { BY, FLOW, type It, NORTH, ownerOf, succeeded, TTL_MS, type World } from './store-world.ts'

const WORKER_EVENTS = [
  'start',
  'claim',
  'commit',
  'fail-batch',
  'fail',
  'cancel',
  'find_nothing',
  'succeed',
  'settle-empty',
] as const
type WorkerEvent = (typeof WORKER_EVENTS)[number]

interface WorkerStep {
  readonly op: 'worker'
  readonly event: WorkerEvent
  readonly batch: number
  readonly stale: boolean
}

type Step =
  | { readonly op: 'acquire'; readonly dead: boolean }
  | { readonly op: 'release' | 'renew'; readonly stale: boolean }
  | { readonly op: 'expire' | 'supersede' }
  | WorkerStep

const rarely = fc.integer({ min: 0, max: 7 }).map((n) => n === 0)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant('acquire' as const), dead: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('release' as const, 'renew' as const), stale: rarely }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('expire' as const, 'supersede' as const) }) },
  {
    weight: 20,
    arbitrary: fc.record({
      op: fc.constant('worker' as const),
      event: fc.constantFrom(...WORKER_EVENTS),
      batch: fc.integer({ min: 1, max: 3 }),
      stale: rarely,
    }),
  },
)

/** What the ledger should be, kept by hand from the transition tables. */
interface Model {
  token: bigint
  held: boolean
  live: boolean
  run: RunState
  readonly batches: Map<number, BatchState>
}

const BATCH_EVENT = { claim: 'claim', commit: 'commit', 'fail-batch': 'fail' } as const
const SETTLE_EVENT = { succeed: 'succeed', 'settle-empty': 'find_nothing' } as const

/** Moves the model and says how the store must answer: null, or the code of its refusal. */
function expected(model: Model, s: WorkerStep): ErrorCode | null {
  if (s.stale || !model.held) return 'TM3002'
  const move = (event: RunEvent, refusal: ErrorCode): ErrorCode | null => {
    if (RUN[model.run][event] === 'illegal') return refusal
    model.run = nextState(RUN, model.run, event)
    return null
  }
  switch (s.event) {
    case 'start':
      return move('start', 'TM3006')
    case 'fail':
    case 'cancel':
      return move(s.event, 'TM3010')
    case 'find_nothing':
      return model.run === 'running' ? 'TM3010' : move('find_nothing', 'TM3010')
    case 'succeed':
    case 'settle-empty': {
      if (!model.live) return 'TM3002'
      const cell = RUN[model.run][SETTLE_EVENT[s.event]]
      const open = [...model.batches.values()].some((b) => b !== 'done' && b !== 'superseded')
      return cell !== 'ignored' && cell !== 'illegal' && open ? 'TM3010' : move(SETTLE_EVENT[s.event], 'TM3010')
    }
    case 'claim':
    case 'commit':
    case 'fail-batch': {
      const state = model.batches.get(s.batch)
      const event = BATCH_EVENT[s.event]
      if (model.run !== 'running' || state === undefined || BATCH[state][event] === 'illegal') return 'TM3010'
      model.batches.set(s.batch, nextState(BATCH, state, event))
      return null
    }
    default:
      throw new TypeError(`unhandled: ${String(s.event satisfies never)}`)
  }
}

function send(w: World, id: RunId, s: WorkerStep, token: bigint): Promise<unknown> {
  const end = (state: 'failed' | 'cancelled' | 'nothing_to_do') =>
    w.ledger.endRun(id, token, { state, reason: null, error: null })
  const settle = (state: 'succeeded' | 'nothing_to_do') =>
    w.ledger.settle(id, token, succeeded(null, null, { state, watermark: null }))
  const events: Record<WorkerEvent, () => Promise<unknown>> = {
    start: () => w.ledger.startRun(id, token, 'w'),
    claim: () => w.ledger.claimBatch(id, s.batch, token),
    commit: () => w.ledger.batchDone(id, s.batch, token, NO_ROWS),
    'fail-batch': () => w.ledger.batchFailed(id, s.batch, token, 'TM5001', 'no'),
    fail: () => end('failed'),
    cancel: () => end('cancelled'),
    find_nothing: () => end('nothing_to_do'),
    succeed: () => settle('succeeded'),
    'settle-empty': () => settle('nothing_to_do'),
  }
  return events[s.event]()
}

const codeOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

async function apply(w: World, model: Model, id: RunId, s: Step): Promise<void> {
  const { leases } = w.store
  switch (s.op) {
    case 'acquire': {
      const free = !model.held || !model.live || s.dead
      const lease = await leases.acquire(FLOW, ownerOf('w'), TTL_MS, s.dead ? model.token : null)
      expect(lease?.token ?? null).toBe(free ? model.token + 1n : null)
      if (free) Object.assign(model, { token: model.token + 1n, held: true, live: true })
      return
    }
    case 'renew': {
      const ours = model.held && !s.stale
      expect(await leases.renew(FLOW, tokenOf(model, s), TTL_MS)).toBe(ours)
      if (ours) model.live = true
      return
    }
    case 'release': {
      const ours = model.held && !s.stale
      expect(await leases.release(FLOW, tokenOf(model, s))).toBe(ours)
      if (ours) Object.assign(model, { held: false, live: false })
      return
    }
    case 'expire':
      await w.expireLeases()
      model.live = false
      return
    case 'supersede': {
      const goes = RUN[model.run].supersede === 'superseded'
      expect(await w.ledger.supersede(FLOW, NORTH, 'rewind-1', BY)).toEqual(goes ? [id] : [])
      if (!goes) return
      model.run = 'superseded'
      for (const [n, state] of model.batches) model.batches.set(n, nextState(BATCH, state, 'supersede'))
      return
    }
    case 'worker': {
      const token = tokenOf(model, s)
      const want = expected(model, s)
      expect(await codeOf(send(w, id, s, token))).toBe(want)
      return
    }
  }
}

const tokenOf = (model: Model, s: { readonly stale: boolean }): bigint => (s.stale ? model.token - 1n : model.token)

async function matches(w: World, model: Model, id: RunId): Promise<void> {
  const run = await w.ledger.getRun(id)
  const batches = await w.ledger.listBatches(id)
  expect(run.state).toBe(model.run)
  expect(new Map(batches.map((b) => [b.batch, b.state]))).toEqual(model.batches)
  expect(run.batchesDone).toBe(batches.filter((b) => b.state === 'done').length)
}

export function transitionContract(it: It): void {
  it('whatever happens in whatever order, the ledger follows the transition tables', async (w) => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 30 }), async (captured, steps) => {
        const held = await w.store.leases.find(FLOW)
        const token = await w.lease(FLOW, 'w', held?.token ?? null)
        const id = captured ? await w.running(token, 2, NORTH) : await w.planned(NORTH)
        const model: Model = {
          token,
          held: true,
          live: true,
          run: captured ? 'running' : 'planned',
          batches: new Map(
            captured
              ? [
                  [1, 'planned'],
                  [2, 'planned'],
                ]
              : [],
          ),
        }
        for (const s of steps) {
          await apply(w, model, id, s)
          await matches(w, model, id)
        }
        await w.ledger.supersede(FLOW, NORTH, 'rewind-1', BY)
      }),
      { numRuns: Number(process.env['PBT_RUNS'] ?? 100) },
    )
  })
}
