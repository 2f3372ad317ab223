import type { ErrorCode } from '@tidemark/contract/error-codes'
import { didYouMean } from '../runtime/did-you-mean.ts'

/** What a check found: a problem whose place is still a path into the flow. */
export interface Finding {
  readonly code: ErrorCode
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly hint?: string | null
  /** shown at the key, not at its value */
  readonly onKey?: true
}

/** `did you mean "x"?`, or null. */
export function nearHint(given: string, candidates: readonly string[]): string | null {
  const near = didYouMean(given, candidates)
  return near === null ? null : `did you mean "${near}"?`
}
