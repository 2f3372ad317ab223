/** Which two snapshots of a flow are compared. */
import { type Scope, scopeText } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import type { Side } from './sides.ts'

export interface TwoSnapshots {
  readonly before: Side
  readonly after: Side
}

export interface TwoWanted {
  /** null: that which the later one was compared with, or the one before it */
  readonly before: string | null
  /** null: the newest of the scope */
  readonly after: string | null
  readonly scope: Scope
}

/** Of `sides`, the oldest first. Throws TM1005 where one of the two is not among them. */
export function chooseTwo(flow: string, sides: readonly Side[], options: TwoWanted): TwoSnapshots {
  const named = (id: string): Side => {
    const found = sides.find(({ snapshot }) => snapshot === id)
    if (found === undefined) throw new AppError('TM1005', `${id} of ${flow}`)
    return found
  }
  const settled = (scope: string): readonly Side[] =>
    sides.filter((side) => side.json.status !== 'building' && side.scope === scope)
  // one that is named says which scope is meant
  const after = options.after === null ? newest(settled(scopeText(options.scope))) : named(options.after)
  if (after === undefined) throw new AppError('TM1005', `${flow} has none${inScope(options.scope)}`)
  if (options.before !== null) return { before: named(options.before), after }
  const others = settled(after.scope)
  const before =
    others.find(({ snapshot }) => snapshot === after.json.previous) ??
    others.findLast(({ takenAt }) => takenAt < after.takenAt)
  if (before === undefined)
    throw new AppError(
      'TM1005',
      `${after.snapshot} of ${flow} is the only one${inScope(options.scope)}: there is none to compare it with`,
    )
  return { before, after }
}

/** By the ledger, where it knows: a clock may have been set back. */
const newest = (sides: readonly Side[]): Side | undefined =>
  sides.find(({ json }) => json.status === 'current') ?? sides.at(-1)

const inScope = (scope: Scope): string =>
  Object.keys(scope).length === 0
    ? ''
    : ` of ${Object.entries(scope)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`
