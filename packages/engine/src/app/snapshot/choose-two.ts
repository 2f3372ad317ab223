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
  const after = options.after === null ? settled(scopeText(options.scope)).at(-1) : named(options.after)
  if (after === undefined) throw new AppError('TM1005', `${flow} has none${inScope(options.scope)}`)
  if (options.before !== null) return { before: named(options.before), after }
  const former = settled(after.scope).filter(({ takenAt }) => takenAt < after.takenAt)
  const before = former.find(({ snapshot }) => snapshot === after.json.previous) ?? former.at(-1)
  if (before === undefined)
    throw new AppError(
      'TM1005',
      `${after.snapshot} of ${flow} is the only one${inScope(options.scope)}: there is none to compare it with`,
    )
  return { before, after }
}

const inScope = (scope: Scope): string =>
  Object.keys(scope).length === 0
    ? ''
    : ` of ${Object.entries(scope)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`
