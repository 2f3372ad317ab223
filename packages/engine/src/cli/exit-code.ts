import type { RunDocument, RunJson } from '@tidemark/contract/api'
import { ERRORS, isErrorCode } from '@tidemark/contract/error-codes'

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130

/** Of several runs, the first of these that occurs. */
const ORDER: readonly ExitCode[] = [2, 130, 1, 3, 4, 0]

export function exitCodeOf({ runs }: RunDocument): ExitCode {
  const codes = new Set(runs.map(exitCodeOfRun))
  return ORDER.find((code) => codes.has(code)) ?? 0
}

function exitCodeOfRun(run: RunJson): ExitCode {
  switch (run.status) {
    case 'succeeded':
    case 'nothing_to_do':
    case 'dry_run':
    case 'joined': // its owner tells how the run ends
    case 'superseded': // replaced by another run of the same answer
    case 'skipped': // what it waits for is in the same answer
      return 0
    case 'succeeded_with_rejects':
      return 4
    case 'cancelled':
      return 130
    case 'failed':
      return run.error !== null && isErrorCode(run.error.code) ? ERRORS[run.error.code].exit : 1
    case 'planned':
    case 'running': // did not end: silence is not success
      return 1
  }
}
