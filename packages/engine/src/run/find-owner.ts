/** Who owns a run that a worker wants to join, and under which token its batches may be claimed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { scopeText } from '@tidemark/contract/flow'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { LeaseRow, RunRow } from '../control/control-store.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'
import { isDead } from './hold-lease.ts'
import type { RunDeps } from './run-deps.ts'

const POLL_MS = 250

export interface Ownership {
  readonly token: bigint
  /** the worker that holds the lease */
  readonly owner: string
}

export const isLive = (lease: LeaseRow | null): boolean =>
  lease !== null && lease.owner !== null && !lease.expired && !isDead(lease)

export const nobody = (id: RunRow['id'], detail: string): AppError =>
  new AppError('TM3015', detail, {
    remedy: [`tidemark resume ${id}   takes it over and finishes it`, 'or wait for somebody who does: --wait 5m'],
  })

const otherOwner = (plan: FlowPlan, id: RunRow['id'], { token }: Ownership): AppError =>
  new AppError('TM3002', `${plan.flow}: ${id} is not run under token ${token} any more`)

const hasEnded = ({ state }: Pick<RunRow, 'state'>): boolean =>
  !(UNFINISHED_RUN_STATES as readonly string[]).includes(state)

export function refuseEnded(run: RunRow): void {
  if (!hasEnded(run)) return
  throw new AppError('TM3012', `${run.id} is ${run.state}`, {
    remedy: [`tidemark show ${run.id}   shows how it ended`],
  })
}

/** Waits while the owner captures, and at most `deps.waitMs` for somebody to own the run, else TM3015. Null: the run has ended. */
export async function waitForOwner(
  deps: RunDeps,
  plan: FlowPlan,
  id: RunRow['id'],
  signal: AbortSignal,
  former: Ownership | null,
): Promise<Ownership | null> {
  const { ledger } = deps.store
  const until = performance.now() + (former === null ? deps.waitMs : 0)
  let said = ''
  for (;;) {
    signal.throwIfAborted()
    const work = await ledger.findWork(id)
    const lease = await deps.store.leases.find(plan.flow)
    const owner = isLive(lease) && work.state === 'running' && work.held ? (lease?.owner?.worker ?? null) : null
    if (owner !== null && work.token !== null && work.open && work.token !== former?.token)
      return { token: work.token, owner }
    if (former !== null && owner !== former.owner) throw otherOwner(plan, id, former)
    if (hasEnded(work)) return null
    if (owner === null && performance.now() >= until) throw nobody(id, `${id} is ${work.state}`)
    const waitsFor = owner === null ? 'somebody to own the run' : 'the capture of its owner'
    if (said !== waitsFor)
      deps.emit('worker:waiting', { run: id, flow: plan.flow, scope: scopeText(plan.scope), waitsFor })
    said = waitsFor
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
