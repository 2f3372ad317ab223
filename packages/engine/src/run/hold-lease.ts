/** The right to run a flow: taken on the store's clock, renewed while work goes on, aborting its own work when lost. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emit } from '@tidemark/contract/events'
import type { FlowId } from '@tidemark/contract/ids'
import type { LeaseOwner, LeaseRow, LeaseStore } from '../control/control-store.ts'
import { AppError } from '../runtime/app-error.ts'
import { type Beat, Heartbeat } from './heartbeat.ts'
import type { RunDeps } from './run-deps.ts'

const POLL_MS = 250

export class HeldLease implements AsyncDisposable {
  readonly flow: FlowId
  readonly #store: LeaseStore
  readonly #owner: LeaseOwner
  readonly #ttlMs: number
  readonly #emit: Emit
  readonly #lost = new AbortController()
  readonly #heartbeat: Heartbeat
  #token: bigint

  constructor(flow: FlowId, token: bigint, { store, owner, leaseMs, emit }: RunDeps, takenAt: number) {
    this.flow = flow
    this.#token = token
    this.#store = store.leases
    this.#owner = owner
    this.#ttlMs = leaseMs
    this.#emit = emit
    this.#heartbeat = new Heartbeat(
      takenAt,
      leaseMs,
      () => this.#renew(),
      (why) => this.#lose(why),
    )
  }

  get token(): bigint {
    return this.#token
  }

  /**
   * A token greater than one that a target has seen: a store restored from an older copy counts from an older token.
   * Each is taken from the one before, so a holder that lost the lease in the meantime gets none.
   */
  async outgrow(seen: bigint): Promise<void> {
    while (this.#token <= seen) {
      const taken = await this.#store.acquire(this.flow, this.#owner, this.#ttlMs, this.#token)
      if (taken === null) throw new AppError('TM3002', `${this.flow}: token ${this.#token} was taken by another`)
      this.#token = taken.token
    }
  }

  /** Aborted, with TM3002 as reason, the moment the lease may be gone. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async #renew(): Promise<Beat> {
    const token = this.#token
    if (await this.#store.renew(this.flow, token, this.#ttlMs)) return 'held'
    return token === this.#token ? 'lost' : 'unknown'
  }

  #lose(why: string): void {
    this.#emit('lease:lost', { flow: this.flow, token: this.token })
    this.#lost.abort(new AppError('TM3002', `${this.flow}: token ${this.token} ${why}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heartbeat.stop()
    await this.#store.release(this.flow, this.token)
  }
}

/** Takes the lease, waiting at most `deps.waitMs`. Throws TM3001, naming the holder and until when. */
export async function holdLease(deps: RunDeps, flow: FlowId, signal: AbortSignal): Promise<HeldLease> {
  const { leases } = deps.store
  const until = performance.now() + deps.waitMs
  let said = false
  for (;;) {
    signal.throwIfAborted()
    const takenAt = performance.now()
    const seen = await leases.find(flow)
    const taken = await leases.acquire(
      flow,
      deps.owner,
      deps.leaseMs,
      seen !== null && isDead(seen) ? seen.token : null,
    )
    if (taken) return new HeldLease(flow, taken.token, deps, takenAt)
    const holder = await leases.find(flow)
    if (performance.now() >= until) throw new AppError('TM3001', `${flow} is run by ${holderText(holder)}`)
    if (!said) deps.emit('lease:waiting', { flow, holder: holderText(holder), until: holder?.expiresAt ?? '' })
    said = true
    // its own reason, not the AbortError that a timer makes of it
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

export function holderText(lease: LeaseRow | null): string {
  if (lease === null || lease.owner === null) return 'somebody who just let it go'
  const { actor, host, pid } = lease.owner
  return `${actor}, process ${pid} on ${host}, until ${lease.expiresAt}`
}

/** A holder on this machine whose process is gone: its lease need not be waited for. The fence stops what it may have left. */
export function isDead(lease: LeaseRow): boolean {
  if (lease.owner === null || lease.expired || lease.owner.host !== hostname() || lease.owner.pid === process.pid)
    return false
  try {
    process.kill(lease.owner.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
