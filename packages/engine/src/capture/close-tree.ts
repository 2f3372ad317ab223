/**
 * A tree's closure: with the captured rows come their missing ancestors, and what lies below rows that are new or
 * moved. What cannot land, because a parent cannot, follows the orphan policy.
 */
import type { OrphanPolicy } from '@tidemark/contract/flow'
import type { WorkArea } from '../dialects/contract.ts'
import type { Orphan, OrphanReason } from '../dialects/orphan.ts'
import { AppError } from '../runtime/app-error.ts'

const WHY: Readonly<Record<OrphanReason, string>> = {
  excluded: 'below an excluded key',
  gone: 'below a parent that is not in the source',
  cycle: 'in or below a cycle',
}

export async function closeTree(
  work: WorkArea,
  policy: OrphanPolicy | null,
): Promise<{ readonly skipped: readonly Orphan[]; readonly quarantined: readonly Orphan[] }> {
  // each pass may capture rows whose ancestors and subtrees the next one looks at
  do await work.climb()
  while ((await work.descend()) > 0n)
  const nowhere = await work.withoutLocator()
  if (nowhere.length > 0) throw new AppError('TM4018', nowhere.join(', '))
  const twice = await work.duplicateLocators()
  if (twice.length > 0) throw new AppError('TM4017', `several rows have the locator ${twice.join(', ')}`)
  const orphans = await work.orphans()
  const policyOf = (reason: OrphanReason): OrphanPolicy => policy ?? (reason === 'excluded' ? 'skip' : 'fail')
  await refuse(
    work,
    orphans.filter((o) => policyOf(o.reason) === 'fail'),
  )
  const reasons = [...new Set(orphans.map((o) => o.reason))]
  await work.drop(reasons)
  return {
    skipped: orphans.filter((o) => policyOf(o.reason) === 'skip'),
    quarantined: orphans.filter((o) => policyOf(o.reason) === 'quarantine'),
  }
}

async function refuse(work: WorkArea, orphans: readonly Orphan[]): Promise<void> {
  const cycle = orphans.find((o) => o.reason === 'cycle')
  if (cycle) throw new AppError('TM4011', (await work.cyclePath(cycle.locator)).join(' → '))
  if (orphans.length === 0) return
  const shown = orphans.slice(0, 5).map((o) => `${o.locator} (${WHY[o.reason]})`)
  throw new AppError('TM4012', `${orphans.length} rows: ${shown.join(', ')}${orphans.length > 5 ? ', …' : ''}`)
}
