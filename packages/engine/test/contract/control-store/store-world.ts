/** What every test of the contract begins with: a store of its own, and the few steps that lead to a state. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { ErrorCode } from '@tidemark/contract/error-codes'
import { type FlowId, parseFlowId, type RunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import {
  type Actor,
  type ControlStore,
  type LeaseOwner,
  type NewBatch,
  type Settlement,
} from '../../../src/control/control-store.ts'

export type Row = Readonly<Record<string, unknown>>

/** What an implementation brings. */
export interface StoreHarness extends AsyncDisposable {
  /** One more connection to the same store, as another process would have. */
  open(): Promise<ControlStore>
  /** Plain SQL by hand, past the contract. Integers arrive as numbers. */
  sql(text: string): Promise<readonly Row[]>
  /** By hand, as people write it in this store's SQL: the row of that key is made, or changed where it is there. */
  upsert(table: string, upsert: Upsert): Promise<void>
}

/** Values as SQL's text without quotes. */
export interface Upsert {
  readonly key: Readonly<Record<string, string>>
  /** of a row that is made */
  readonly rest: Readonly<Record<string, string>>
  /** of one that is there */
  readonly set: Readonly<Record<string, string>>
}

/** The upsert of SQLite and PostgreSQL. */
export function onConflict(table: string, { key, rest, set }: Upsert): string {
  const row = Object.entries({ ...key, ...rest })
  const changes = Object.entries(set).map(([column, value]) => `${column} = '${value}'`)
  return `insert into ${table} (${row.map(([c]) => c).join(', ')}) values (${row.map(([, v]) => `'${v}'`).join(', ')})
              on conflict (${Object.keys(key).join(', ')}) do update set ${changes.join(', ')}`
}

export type MakeHarness = () => Promise<StoreHarness>

export const FLOW = parseFlowId('shop.orders')
export const OTHER_FLOW = parseFlowId('shop.customers')
export const WHOLE = '{}'
export const NORTH = '{"unit":"north"}'
export const BY: Actor = { actor: 'ann', command: 'tidemark run shop.orders', reason: 'because' }
export const TTL_MS = 60_000

export const ownerOf = (worker: string): LeaseOwner => ({ worker, host: 'box', pid: 4711, actor: 'ann' })

export const counts = (read: number): RowCounts => ({ ...NO_ROWS, read: BigInt(read), inserted: BigInt(read) })

export const batches = (first: number, last: number, step = 1): NewBatch[] =>
  Array.from({ length: last - first + 1 }, (_, i) => ({ step, batch: first + i, wave: 1, split: `{"n":${first + i}}` }))

export const succeeded = (
  position: string | null,
  version: number | null,
  rest: Partial<Settlement> = {},
): Settlement => ({
  state: 'succeeded',
  reason: null,
  rows: NO_ROWS,
  watermark: { expected: { version }, position, coverage: '{"c":1}', source: '{"s":1}' },
  unmatched: { open: [], found: [], givenUp: [] },
  rejects: { open: [], delivered: [] },
  look: null,
  ...rest,
})

export async function expectCode(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await expect(work).rejects.toMatchObject({ name: 'AppError', code })
}

export class World implements AsyncDisposable {
  readonly harness: StoreHarness
  readonly store: ControlStore

  constructor(harness: StoreHarness, store: ControlStore) {
    this.harness = harness
    this.store = store
  }

  get ledger(): ControlStore['ledger'] {
    return this.store.ledger
  }

  sql(text: string): Promise<readonly Row[]> {
    return this.harness.sql(text)
  }

  async lease(flow: FlowId = FLOW, worker = 'w1', deadToken: bigint | null = null): Promise<bigint> {
    const lease = await this.store.leases.acquire(flow, ownerOf(worker), TTL_MS, deadToken)
    if (lease === null) throw new Error(`${flow} is held`)
    return lease.token
  }

  /** The time of every lease is up, as if its holder had slept. */
  async expireLeases(): Promise<void> {
    await this.sql(`update lease set expires_at = '2001-01-01T00:00:00.000Z' where worker is not null`)
  }

  async planned(scope = WHOLE, flow: FlowId = FLOW): Promise<RunId> {
    const id = await this.ledger.newRunId()
    await this.ledger.createRun(
      {
        id,
        group: null,
        flow,
        scope,
        lane: 'pushdown',
        window: { after: '10', upTo: '20', decidedBy: 'buffer' },
        waiting: { rows: 3n, until: '2026-11-20 22:02:12' },
        plan: '{"steps":[]}',
        by: BY,
      },
      null,
    )
    return id
  }

  /** Running under the token, captured, `n` batches planned. */
  async running(token: bigint, n = 1, scope = WHOLE, flow: FlowId = FLOW): Promise<RunId> {
    const id = await this.planned(scope, flow)
    await this.ledger.startRun(id, token, 'w1')
    await this.ledger.addBatches(id, token, '{}', [{ step: 1, name: 'rows' }], batches(1, n))
    return id
  }

  async finish(id: RunId, token: bigint, numbers: readonly number[]): Promise<void> {
    for (const n of numbers) {
      await this.ledger.claimBatch(id, n, token)
      await this.ledger.batchDone(id, n, token, counts(10))
    }
  }

  /** A whole run that leaves `position` as the watermark. */
  async settled(token: bigint, position: string, version: number | null, scope = WHOLE): Promise<RunId> {
    const id = await this.running(token, 1, scope)
    await this.finish(id, token, [1])
    await this.ledger.settle(id, token, succeeded(position, version))
    return id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
    await this.harness[Symbol.asyncDispose]()
  }
}

export type It = (title: string, body: (w: World) => Promise<void>) => void

/** `test` with a world of its own, closed at the end; `cannot`: titles that this server cannot show, and why not. */
export const inWorld =
  (make: MakeHarness, cannot: Readonly<Record<string, string>> = {}): It =>
  (title, body) => {
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- both come from the contract's own tests
    test.skipIf(title in cannot)(title, async () => {
      const harness = await make()
      await using world = new World(harness, await harness.open())
      await body(world)
    })
  }
