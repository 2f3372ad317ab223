/** How many transactions a second the control store takes: the claim and the end of each batch of one long run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFlowId } from '@tidemark/contract/ids'
import { NO_ROWS } from '@tidemark/contract/row-counts'
import { openControlStore } from '../packages/engine/src/control/open-control-store.ts'

export interface LedgerCommits {
  /** as runs have it: batches with synchronous NORMAL */
  readonly normalPerS: number
  /** every commit on the disk before the next one begins */
  readonly fullPerS: number
}

const BATCHES = 20_000
/** of one process, as `--parallel` has them: those that wait for the disk share its sync */
const WORKERS = 8
const FLOW = parseFlowId('bench.ledger')

/** Each figure is the best of `rounds`, measured alternately, on a store file in the folder for temporary files. */
export async function ledgerCommits(rounds = 3, batches = BATCHES): Promise<LedgerCommits> {
  const best = { normalPerS: 0, fullPerS: 0 }
  for (let n = 0; n < rounds; n++) {
    best.normalPerS = Math.max(best.normalPerS, await commitsPerSecond(false, batches))
    best.fullPerS = Math.max(best.fullPerS, await commitsPerSecond(true, batches))
  }
  return best
}

async function commitsPerSecond(syncBatches: boolean, count: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  try {
    await using store = await openControlStore('sqlite:control.db', { projectDir: dir, readOnly: false, syncBatches })
    const { ledger, leases } = store
    const by = { actor: 'bench', command: 'bench', reason: null }
    const owner = { worker: 'bench', host: 'bench', pid: process.pid, actor: 'bench' }
    const token = (await leases.acquire(FLOW, owner, 600_000, null))?.token ?? 0n
    const run = await ledger.newRunId()
    const planned = { group: null, flow: FLOW, scope: '{}', lane: 'pushdown', window: null, waiting: null, plan: '{}' }
    await ledger.createRun({ id: run, ...planned, by }, token)
    await ledger.startRun(run, token, owner.worker)
    const batches = Array.from({ length: count }, (_, i) => ({ step: 1, batch: i + 1, wave: 1, split: SPLIT }))
    await ledger.addBatches(run, token, '{}', [{ step: 1, name: 'rows' }], batches)
    const rows = { ...NO_ROWS, read: 1000n, inserted: 900n, updated: 100n }
    const startedAt = performance.now()
    await ledger.join(run, token, owner, 600_000)
    let from = 1
    const work = async (): Promise<void> => {
      for (;;) {
        const claim = await ledger.claimNext(run, { step: 1, first: 1, last: count, from }, token, owner.worker)
        if (claim.batch === null) return
        from = Math.max(from, claim.batch + 1)
        await ledger.batchDone(run, claim.batch, token, rows)
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, work))
    const seconds = (performance.now() - startedAt) / 1000
    const counted = await ledger.getRun(run)
    if (counted.batchesDone !== count) throw new Error(`${counted.batchesDone} of ${count} batches are done`)
    return Math.round((2 * count) / seconds)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** as long as a real one */
const SPLIT = JSON.stringify({
  epoch: 1,
  first: '123456',
  last: '124455',
  rows: '1000',
  bytes: '67108864',
  depth: null,
})
