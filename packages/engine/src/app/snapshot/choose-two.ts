/** Which two snapshots of a flow are compared. */
import { type Scope, scopeText } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import type { ListedSnapshot } from './snapshot-json.ts'

export interface TwoSnapshots {
  readonly before: ListedSnapshot
  readonly after: ListedSnapshot
}

export interface TwoWanted {
  /** null: that which the later one was compared with, or the one before it */
  readonly before: string | null
  /** null: the newest of the scope */
  readonly after: string | null
  readonly scope: Scope
}

/** Throws TM1005 where one of the two is not kept. */
export function chooseTwo(flow: string, listed: readonly ListedSnapshot[], options: TwoWanted): TwoSnapshots {
  const named = (id: string): ListedSnapshot => {
    const found = listed.find(({ row }) => row.id === id)
    if (found === undefined) throw new AppError('TM1005', `${id} of ${flow}`)
    return found
  }
  const settled = listed.filter(({ json, row }) => json.status !== 'building' && row.scope === scopeText(options.scope))
  // one that is named says which scope is meant
  const after = options.after === null ? settled.at(-1) : named(options.after)
  if (after === undefined) throw new AppError('TM1005', `${flow} has none${inScope(options.scope)}`)
  if (options.before !== null) return { before: named(options.before), after }
  const former = listed.filter(({ row, json }) => row.scope === after.row.scope && json.status !== 'building')
  const before =
    former.find(({ row }) => row.id === after.row.previous) ??
    former.findLast(({ row }) => row.number < after.row.number)
  if (before === undefined)
    throw new AppError(
      'TM1005',
      `${after.row.id} of ${flow} is the only one${inScope(options.scope)}: there is none to compare it with`,
    )
  return { before, after }
}

const inScope = (scope: Scope): string =>
  Object.keys(scope).length === 0
    ? ''
    : ` of ${Object.entries(scope)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`
