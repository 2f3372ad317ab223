import type { FlowSpec } from '@tidemark/contract/flow'
import type { World } from './world.ts'
import { flowSpec } from './world.ts'

/** A flow that keeps out what cannot land. */
export const quarantining = (over: Parameters<typeof flowSpec>[0] = {}, max = 1000): FlowSpec =>
  flowSpec({ onReject: { kind: 'quarantine', max }, ...over })

/** `key code state` of every reject, in the order they were opened. */
export const rejected = async (w: World): Promise<readonly string[]> =>
  (await w.store.ledger.listRejects(null, { state: 'all', limit: null })).map((r) => `${r.key} ${r.code} ${r.state}`)

/** What batches left beside their markers. */
export const keptInTarget = (w: World): Promise<readonly (readonly (string | null)[])[]> =>
  w.targetRows('SELECT key, code FROM tidemark.marker_reject ORDER BY 1, 2')
