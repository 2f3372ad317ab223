/** What becomes of rows and errors, and how rows land: settings that exclude each other. */
import { codesOf, isAboutRows } from '@tidemark/contract/error-policy'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import type { Finding } from './finding.ts'
import { stepFinding } from './check-steps.ts'

/** What each capture may be applied as; a mode that is not listed is taken at its word. */
const APPLIES: Readonly<Record<string, readonly string[]>> = {
  watermark: ['insert-missing', 'latest', 'forensic'],
  backfill: ['insert-missing', 'latest', 'replace', 'forensic'],
  snapshot: ['latest', 'live', 'forensic', 'none'],
  milestone: ['live', 'forensic'],
}

export function* combinationsOf({ capture, apply, shape }: FlowBody): Generator<Finding> {
  const allowed = Object.hasOwn(APPLIES, capture.kind) ? APPLIES[capture.kind] : undefined
  if (allowed !== undefined && !allowed.includes(apply.kind)) {
    const message = `capture: ${capture.kind} cannot be applied as ${apply.kind}: choose ${allowed.join(' or ')}`
    yield { code: 'TM1019', path: ['apply'], message }
  }
  if (allowed?.includes(apply.kind) === true && apply.kind === 'forensic' && capture.kind !== 'snapshot')
    yield { code: 'TM1017', path: ['apply'], message: `apply: forensic of capture: ${capture.kind}` }
  if (apply.kind === 'replace' && shape.kind === 'tree') {
    const message = 'apply: replace swaps in the whole table at once, where no parent can land before its children'
    yield { code: 'TM1019', path: ['shape'], message, hint: 'write shape: flat' }
  }
}

/** Whoever quarantines asks for rejects, and these have one switch and one limit. */
export function* rejectsOf({ shape, onReject, onConflict, onError }: FlowBody): Generator<Finding> {
  if (onReject.kind === 'quarantine') return
  const refuse = (what: string, path: readonly PropertyKey[]): Finding => {
    const message = `${what} keeps rows as rejects, which on_reject: fail does not allow`
    return { code: 'TM1019', path, message, hint: 'add on_reject: quarantine' }
  }
  if (shape.kind === 'tree' && shape.orphans === 'quarantine') yield refuse('orphans: quarantine', ['shape', 'orphans'])
  if (onConflict === 'quarantine') yield refuse('on_conflict: quarantine', ['on_conflict'])
  for (const [i, policy] of onError.entries())
    if (policy.do === 'quarantine') yield refuse('do: quarantine', ['on_error', i, 'do'])
}

export function* errorsOf({ onError, shape }: FlowBody): Generator<Finding> {
  for (const [i, { code, step, do: answer }] of onError.entries()) {
    if (answer === 'quarantine' && !codesOf(code).some(isAboutRows)) {
      const message = `${code} is not about rows: there is nothing to quarantine`
      yield { code: 'TM1019', path: ['on_error', i, 'do'], message, hint: 'write do: fatal or do: retry' }
    }
    if (step !== null) yield* stepFinding(shape, step, { path: ['on_error', i, 'step'] })
  }
}
