/**
 * What every target keeps: the fence, the markers, what a settled run leaves behind, and how a batch lands. An
 * implementation's test calls it with a harness over its own database: `src (id, name, modified_on)` → `dst`.
 */
import type { RowCounts } from '@tidemark/contract/row-counts'
import { describe, expect, test } from 'vitest'
import { captureRows } from '../../src/capture/capture-rows.ts'
import type {
  BatchTransaction,
  Bench,
  CapturedBatch,
  Fault,
  FenceKey,
  FlowRelation,
} from '../../src/dialects/contract.ts'
import type { RowPolicy } from '../../src/dialects/row-policy.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { errorOf } from '../support/sleeper.ts'
import { present } from '../support/present.ts'

export interface TargetHarness extends AsyncDisposable {
  readonly relation: FlowRelation
  /** Standard SQL in the source; only while no bench is open. */
  source(...statements: readonly string[]): Promise<void>
  /** A bench that may write, with captured keys of its own. */
  open(): Promise<Bench>
  /** `id`, `name` of the target's rows in order; also while a bench is open. */
  rows(): Promise<readonly (readonly (string | null)[])[]>
  classify(error: unknown): Fault
}

const EVERYTHING = {
  window: { after: null, upTo: null },
  withNullPosition: true,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
}
const BOUND_MS = 10_000
const never = new AbortController().signal

export const fenceOf = (token: bigint, over: Partial<FenceKey> = {}): FenceKey => ({
  store: 's1',
  flow: 'm.t',
  scope: '{}',
  token,
  ...over,
})

/** Source rows 1 to `count`, named after their id. */
const rows = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, i) => `INSERT INTO src VALUES (${i + 1}, 'n${i + 1}', TIMESTAMP '2026-01-01 00:00:00')`,
  )

const FAILS: RowPolicy = { quarantines: () => false, skipsConflicts: false, refused: [], most: 0n }

const delivered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => [`${from + i}`, `n${from + i}`])

const capture = async (bench: Bench, relation: FlowRelation, size: number): Promise<readonly CapturedBatch[]> => {
  const batch = { rows: size, bytes: 1_000_000 }
  const wish = {
    relation,
    selection: EVERYTHING,
    orphans: null,
    batch,
    epoch: 1,
    done: [],
    left: null,
    remembersUnmatched: false,
  }
  return (await captureRows(bench.work, wish)).batches
}

/** A bench with the target prepared, the fence raised, and the source's rows in batches of `size`. */
async function prepared(h: TargetHarness, fence: FenceKey, size: number) {
  const bench = await h.open()
  await bench.target.prepare(h.relation, (await bench.target.describe(h.relation.target.table)) === null, fence)
  await bench.target.raiseFence(fence, BOUND_MS, never)
  const batches = await capture(bench, h.relation, size)
  const split = (n: number): CapturedBatch => {
    const found = batches[n - 1]
    if (!found) throw new TypeError(`${batches.length} batches, no number ${n}`)
    return found
  }
  const begin = (n: number, run = 'r-00001', worker = n, key = fence): Promise<BatchTransaction> =>
    bench.begin(h.relation, key, { run, step: 1, batch: n }, worker)
  const land = async (
    tx: BatchTransaction,
    n: number,
    kind: 'insert-missing' | 'latest' = 'latest',
  ): Promise<RowCounts> => {
    await bench.stage(tx, h.relation, EVERYTHING, split(n))
    return await bench.apply(tx, h.relation, kind, FAILS)
  }
  /** Batch `n` from begin to commit. */
  const commit = async (
    n: number,
    run = 'r-00001',
    kind: 'insert-missing' | 'latest' = 'latest',
  ): Promise<RowCounts> => {
    await using tx = await begin(n, run)
    if (tx.alreadyIn) return tx.alreadyIn
    const counts = await land(tx, n, kind)
    await tx.commit(counts)
    return counts
  }
  return { bench, fence, split, begin, land, commit, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
}

/** tests in which one session waits for the locks of another, or ends it */
const OF_LOCKS: ReadonlySet<string> = new Set([
  'a raise waits for the batch that is open, and then knows that it is in',
  'past its bound a raise ends the open batch of the older owner, whose rows never land',
])

/** `updates`: rows that are there can be changed. `lockless`: why the server under test shows no locks. */
export function targetContract(
  name: string,
  make: () => Promise<TargetHarness>,
  { updates = true, lockless = null }: { readonly updates?: boolean; readonly lockless?: string | null } = {},
): void {
  const it: It = (title, body) => {
    // oxlint-disable-next-line vitest/expect-expect -- it comes from the tests below
    test(title, async ({ skip }) => {
      if (lockless !== null && OF_LOCKS.has(title)) skip(lockless)
      await using h = await make()
      await body(h)
    })
  }

  describe(`target contract: ${name}`, () => {
    fenceContract(it)
    markerContract(it)
    settledContract(it)
    if (updates) applyContract(it)
  })
}

type It = (title: string, body: (h: TargetHarness) => Promise<void>) => void

function fenceContract(it: It): void {
  it('the newest token may write, an older one is refused before it touches a row', async (h) => {
    await h.source(...rows(4))
    await using b = await prepared(h, fenceOf(1n), 2)
    await b.commit(1)
    await b.bench.target.raiseFence(fenceOf(2n), BOUND_MS, never)
    await expect(b.begin(2)).rejects.toMatchObject({ code: 'TM5002' })
    await using tx = await b.begin(2, 'r-00001', 2, fenceOf(2n))
    await tx.commit(await b.land(tx, 2))
    expect(await h.rows()).toEqual(delivered(1, 4))
  })

  it('a raise by an older token changes nothing', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(7n), 2)
    await b.bench.target.raiseFence(fenceOf(3n), BOUND_MS, never)
    await expect(b.begin(1, 'r-00001', 1, fenceOf(3n))).rejects.toMatchObject({ code: 'TM5002' })
    expect(await b.commit(1)).toMatchObject({ inserted: 2n })
  })

  it('a raise waits for the batch that is open, and then knows that it is in', async (h) => {
    await h.source(...rows(4))
    await using b = await prepared(h, fenceOf(1n), 2)
    await using other = await h.open()
    await using tx = await b.begin(1)
    let raised = false
    const raising = other.target.raiseFence(fenceOf(2n), BOUND_MS, never).then(() => (raised = true))
    const counts = await b.land(tx, 1)
    expect(raised).toBe(false)
    await tx.commit(counts)
    await raising
    expect(await other.target.markers(fenceOf(2n), 'r-00001')).toMatchObject([{ batch: 1, read: 2n, inserted: 2n }])
    await expect(b.begin(2)).rejects.toMatchObject({ code: 'TM5002' })
  })

  it('past its bound a raise ends the open batch of the older owner, whose rows never land', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(1n), 2)
    await using other = await h.open()
    await using tx = await b.begin(1)
    const counts = await b.land(tx, 1)
    await other.target.raiseFence(fenceOf(2n), 100, never)
    await expect(tx.commit(counts)).rejects.toThrow(AppError)
    expect(await other.target.markers(fenceOf(2n), 'r-00001')).toEqual([])
    expect(await h.rows()).toEqual([])
  })

  it('a raise that waits can be called off', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(1n), 2)
    await using other = await h.open()
    await using tx = await b.begin(1)
    const stop = new AbortController()
    const raising = errorOf(other.target.raiseFence(fenceOf(2n), BOUND_MS, stop.signal))
    const enough = new Error('enough')
    stop.abort(enough)
    expect(await raising).toBe(enough)
    await tx.commit(await b.land(tx, 1))
    expect(await b.commit(1)).toMatchObject({ inserted: 2n })
  })

  it('flows and stores have fences of their own', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(1n), 2)
    await using tx = await b.begin(1)
    for (const over of [{ flow: 'm.other' }, { store: 's2' }]) {
      await using bench = await h.open()
      await bench.target.prepare(h.relation, false, fenceOf(9n, over))
      await bench.target.raiseFence(fenceOf(9n, over), BOUND_MS, never)
    }
    await tx.commit(await b.land(tx, 1))
    expect(await h.rows()).toEqual(delivered(1, 2))
  })

  it('batches of several workers are open at once and all commit', async (h) => {
    await h.source(...rows(8))
    await using b = await prepared(h, fenceOf(1n), 2)
    const open = await Promise.all([1, 2, 3, 4].map((n) => b.begin(n, 'r-00001', n - 1)))
    const counts = await Promise.all(open.map((tx, i) => b.land(tx, i + 1)))
    for (const [i, tx] of open.entries()) {
      await tx.commit(present(counts[i], 'counts'))
      await tx[Symbol.asyncDispose]()
    }
    expect(await h.rows()).toEqual(delivered(1, 8))
  })

  it('preparing a target twice, and by two owners at once, is harmless', async (h) => {
    await h.source(...rows(2))
    await using one = await h.open()
    await using two = await h.open()
    const missing = (await one.target.describe(h.relation.target.table)) === null
    await one.target.prepare(h.relation, missing, fenceOf(1n))
    await Promise.all(
      [one, two].map((bench) => bench.target.prepare(h.relation, false, fenceOf(1n, { flow: 'm.new' }))),
    )
    await one.target.raiseFence(fenceOf(1n), BOUND_MS, never)
    expect(await h.rows()).toEqual([])
  })
}

function markerContract(it: It): void {
  it('a batch and its marker are there together or not at all', async (h) => {
    await h.source(...rows(4))
    await using b = await prepared(h, fenceOf(1n), 2)
    {
      await using tx = await b.begin(1)
      await b.land(tx, 1)
    }
    expect(await b.bench.target.markers(b.fence, 'r-00001')).toEqual([])
    expect(await h.rows()).toEqual([])
    await b.commit(2)
    expect(await b.bench.target.markers(b.fence, 'r-00001')).toMatchObject([{ batch: 2, read: 2n, inserted: 2n }])
    expect(await h.rows()).toEqual(delivered(3, 4))
  })

  it('a batch that is in is known when it is begun again, with its counts', async (h) => {
    await h.source(...rows(3))
    await using b = await prepared(h, fenceOf(1n), 3)
    const counts = await b.commit(1)
    await using again = await b.begin(1)
    expect(again.alreadyIn).toEqual(counts)
  })

  it('two workers on one batch commit it once', async (h) => {
    await h.source(...rows(3))
    await using b = await prepared(h, fenceOf(1n), 3)
    // as the engine does: a conflict is tried again, and then the marker is there
    const work = async (worker: number): Promise<string> => {
      for (let conflicts = 0; ; conflicts++) {
        try {
          await using tx = await b.begin(1, 'r-00001', worker)
          if (tx.alreadyIn) return `already in: ${tx.alreadyIn.inserted}`
          const counts = await b.land(tx, 1)
          await tx.commit(counts)
          return `committed: ${counts.inserted}`
        } catch (error) {
          if (h.classify(error) !== 'conflict' || conflicts > 100) throw error
        }
      }
    }
    expect((await Promise.all([work(0), work(1)])).sort()).toEqual(['already in: 3', 'committed: 3'])
    expect(await h.rows()).toEqual(delivered(1, 3))
  })

  it('a worker that saw no marker cannot commit the batch after another has', async (h) => {
    await h.source(...rows(3))
    await using b = await prepared(h, fenceOf(1n), 3)
    await using slow = await b.begin(1, 'r-00001', 0)
    const overtaken = async (): Promise<void> => {
      await using fast = await b.begin(1, 'r-00001', 1)
      await fast.commit(await b.land(fast, 1))
      await slow.commit(await b.land(slow, 1))
    }
    const error: unknown = await overtaken().then(
      () => null,
      (e: unknown) => e,
    )
    expect(h.classify(error)).toBe('conflict')
    await slow[Symbol.asyncDispose]()
    await b.commit(1)
    expect(await h.rows()).toEqual(delivered(1, 3))
  })

  it('markers are those of one run of one store', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(1n), 2)
    await b.commit(1, 'r-00001')
    await b.commit(1, 'r-00002')
    expect(await b.bench.target.markers(b.fence, 'r-00002')).toMatchObject([
      { batch: 1, inserted: 0n, skippedSame: 2n },
    ])
    expect(await b.bench.target.markers(fenceOf(1n, { store: 's2' }), 'r-00001')).toEqual([])
  })
}

function settledContract(it: It): void {
  it('the target remembers the newest settled run of each scope, and forgets the markers of older ones', async (h) => {
    await h.source(...rows(2))
    await using b = await prepared(h, fenceOf(1n), 2)
    const { target } = b.bench
    const scoped = fenceOf(1n, { scope: '{"unit":"N"}' })
    const { table } = h.relation.target
    expect(await target.settled('m.t')).toEqual([])
    await b.commit(1, 'r-00001')
    await target.settle(b.fence, { run: 'r-00001', upTo: '2026-01-01', forgetsOtherScopes: false }, table)
    await target.settle(scoped, { run: 'r-00009', upTo: null, forgetsOtherScopes: false }, table)
    await b.commit(1, 'r-00003')
    await target.settle(b.fence, { run: 'r-00003', upTo: '2026-01-03', forgetsOtherScopes: false }, table)
    const settled = [...(await target.settled('m.t'))].sort((x, y) => x.run.localeCompare(y.run))
    expect(settled).toEqual([
      { store: 's1', scope: '{}', run: 'r-00003', upTo: '2026-01-03', hadRows: true },
      { store: 's1', scope: '{"unit":"N"}', run: 'r-00009', upTo: null, hadRows: true },
    ])
    expect(await target.settled('m.other')).toEqual([])
    expect(await target.markers(b.fence, 'r-00001')).toEqual([])
    expect(await target.markers(b.fence, 'r-00003')).toMatchObject([{ batch: 1 }])
  })

  it('settling twice is settling once', async (h) => {
    await using b = await prepared(h, fenceOf(1n), 1)
    const settle = () =>
      b.bench.target.settle(b.fence, { run: 'r-00001', upTo: 'x', forgetsOtherScopes: false }, h.relation.target.table)
    await settle()
    await settle()
    expect(await b.bench.target.settled('m.t')).toEqual([
      { store: 's1', scope: '{}', run: 'r-00001', upTo: 'x', hadRows: false },
    ])
  })

  it('a worker that lost the flow cannot settle in the target', async (h) => {
    await using b = await prepared(h, fenceOf(1n), 1)
    const { target } = b.bench
    await target.raiseFence(fenceOf(2n), BOUND_MS, never)
    const late = target.settle(
      b.fence,
      { run: 'r-00001', upTo: null, forgetsOtherScopes: false },
      h.relation.target.table,
    )
    await expect(late).rejects.toMatchObject({ code: 'TM5002' })
    expect(await target.settled('m.t')).toEqual([])
  })
}

function applyContract(it: It): void {
  for (const kind of ['insert-missing', 'latest'] as const) {
    it(`rows that land twice as ${kind} are there once`, async (h) => {
      await h.source(...rows(3))
      await using b = await prepared(h, fenceOf(1n), 3)
      expect(await b.commit(1, 'r-00001', kind)).toMatchObject({ read: 3n, inserted: 3n })
      expect(await b.commit(1, 'r-00002', kind)).toMatchObject({ read: 3n, inserted: 0n, updated: 0n, skippedSame: 3n })
      expect(await h.rows()).toEqual(delivered(1, 3))
    })
  }

  it('latest takes what is newer, or as old with other content, and leaves the rest', async (h) => {
    await h.source(...rows(4))
    {
      await using b = await prepared(h, fenceOf(1n), 10)
      await b.commit(1)
    }
    await h.source(
      "UPDATE src SET name = 'newer', modified_on = TIMESTAMP '2026-01-02 00:00:00' WHERE id = 1",
      "UPDATE src SET name = 'older', modified_on = TIMESTAMP '2025-01-02 00:00:00' WHERE id = 2",
      "UPDATE src SET name = 'as old' WHERE id = 3",
    )
    await using b = await prepared(h, fenceOf(1n), 10)
    const counts = await b.commit(1, 'r-00002')
    expect(counts).toMatchObject({ read: 4n, inserted: 0n, updated: 2n, skippedOlder: 1n, skippedSame: 1n })
    expect(await h.rows()).toEqual([
      ['1', 'newer'],
      ['2', 'n2'],
      ['3', 'as old'],
      ['4', 'n4'],
    ])
  })

  it('insert-missing leaves what is there', async (h) => {
    await h.source(...rows(1))
    {
      await using b = await prepared(h, fenceOf(1n), 10)
      await b.commit(1)
    }
    await h.source("UPDATE src SET name = 'newer', modified_on = TIMESTAMP '2027-01-01 00:00:00'", ...rows(2).slice(1))
    await using b = await prepared(h, fenceOf(1n), 10)
    expect(await b.commit(1, 'r-00002', 'insert-missing')).toMatchObject({ read: 2n, inserted: 1n, skippedSame: 1n })
    expect(await h.rows()).toEqual([
      ['1', 'n1'],
      ['2', 'n2'],
    ])
  })

  it('an aborted batch rolls back, and its worker can begin again', async (h) => {
    await h.source(...rows(3))
    await using b = await prepared(h, fenceOf(1n), 3)
    {
      await using tx = await b.begin(1)
      await b.land(tx, 1)
      tx.abort()
    }
    expect(await h.rows()).toEqual([])
    expect(await b.commit(1)).toMatchObject({ inserted: 3n })
  })
}
