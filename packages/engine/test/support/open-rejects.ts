import type { FlowId } from '@tidemark/contract/ids'
import { NO_ROWS } from '@tidemark/contract/row-counts'
import type { World } from './world.ts'

export const keyOf = (...parts: readonly (string | number)[]): string => JSON.stringify(parts.map(String))

/** As a run leaves them that put these keys into quarantine; it leaves the watermark. */
export async function openRejects(w: World, flow: FlowId, keys: readonly string[]): Promise<void> {
  const { ledger, leases } = w.store
  const owner = { worker: 'earlier', host: 'box', pid: 1, actor: 'tester' }
  const token = (await leases.acquire(flow, owner, 60_000, null))?.token ?? 0n
  const id = await ledger.newRunId()
  const by = { actor: 'tester', command: 'test', reason: null }
  const plan = { group: null, flow, scope: '{}', lane: 'pushdown', window: null, waiting: null, plan: '{}', by }
  await ledger.createRun({ id, ...plan }, token)
  await ledger.startRun(id, token, owner.worker)
  await ledger.settle(id, token, {
    state: 'succeeded_with_rejects',
    reason: null,
    rows: { ...NO_ROWS, rejected: BigInt(keys.length) },
    watermark: null,
    unmatched: { open: [], found: [], givenUp: [] },
    rejects: { open: keys.map((key) => ({ key, code: 'TM5001', message: 'refused' })), delivered: [] },
    look: null,
  })
  await leases.release(flow, token)
}
