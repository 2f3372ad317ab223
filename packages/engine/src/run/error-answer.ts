/** What a flow does when a batch fails, and what becomes of rows that cannot land: its policies first, then its switches. */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import { findErrorPolicy } from '@tidemark/contract/error-policy'
import type { FlowSpec } from '@tidemark/contract/flow'
import type { Fault } from '../dialects/contract.ts'
import type { RowPolicy } from '../dialects/row-policy.ts'

export const DEFAULT_ATTEMPTS = 6

export type ErrorAnswer =
  | { readonly do: 'fail' }
  | { readonly do: 'retry'; readonly attempts: number }
  /** the target does not say which rows it refused: they are looked for, to be kept out or to be named */
  | { readonly do: 'search' }

/** Answered elsewhere: the run captures again, or has lost its right to write. */
const NOT_OURS: readonly ErrorCode[] = ['TM5002', 'TM5006']

/** The database refuses a row, and does not say which. */
const isUnnamed = (code: ErrorCode, fault: Fault): boolean =>
  code === 'TM5001' || (code === 'TM5010' && fault === 'constraint')

export function answerTo(flow: FlowSpec, step: string, code: ErrorCode, fault: Fault): ErrorAnswer {
  if (NOT_OURS.includes(code)) return { do: 'fail' }
  const policy = findErrorPolicy(flow.onError, code, step)
  switch (policy?.do) {
    case 'fatal':
      return { do: 'fail' }
    case 'retry':
      return { do: 'retry', attempts: policy.attempts ?? DEFAULT_ATTEMPTS }
    case 'quarantine':
      return { do: isUnnamed(code, fault) ? 'search' : 'fail' }
    case undefined:
      if (fault === 'conflict' || fault === 'busy') return { do: 'retry', attempts: DEFAULT_ATTEMPTS }
      return { do: fault === 'constraint' && isUnnamed(code, fault) && isSought(flow, step, code) ? 'search' : 'fail' }
  }
}

/** A row of which this is said is kept out as a reject. */
function quarantines(flow: FlowSpec, step: string, code: ErrorCode): boolean {
  const policy = findErrorPolicy(flow.onError, code, step)
  if (policy !== null) return policy.do === 'quarantine'
  if (code === 'TM5010') return flow.onConflict === 'quarantine'
  if (flow.onReject.kind !== 'quarantine') return false
  // below a row that was kept out
  return code !== 'TM5004' || (flow.shape.kind === 'tree' && ['quarantine', 'skip'].includes(flow.shape.orphans ?? ''))
}

/** A conflict is told with its row, also where it fails the run: somebody has to look at both. */
const isSought = (flow: FlowSpec, step: string, code: ErrorCode): boolean =>
  code === 'TM5010' || quarantines(flow, step, code)

const skipsConflicts = (flow: FlowSpec, step: string): boolean =>
  flow.onConflict === 'skip' && findErrorPolicy(flow.onError, 'TM5010', step) === null

/** `most`: so many rejects fail the run. */
export const rowPolicy = (flow: FlowSpec, step: string, most: bigint): RowPolicy => ({
  quarantines: (code) => quarantines(flow, step, code),
  skipsConflicts: skipsConflicts(flow, step),
  refused: [],
  most,
})
