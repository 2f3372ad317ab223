/** What a selection takes, told without a statement. */
import type { FlowRelation, Selection } from '../contract.ts'

/** Nothing but the window's end takes rows out. */
export function takesAll(r: FlowRelation, { window, unmatched, again, gained, onlyAgain }: Selection): boolean {
  return (
    onlyAgain !== true &&
    (window === null || window.after === null) &&
    unmatched.length + again.length + gained.length === 0 &&
    r.source.joins.length + r.where.length + r.scope.length === 0
  )
}

/** The rows of these keys, and no others. */
export const ofKeysAlone = (again: readonly string[]): Selection => ({
  window: null,
  withNullPosition: false,
  absent: null,
  unmatched: [],
  again,
  onlyAgain: true,
  gained: [],
})
