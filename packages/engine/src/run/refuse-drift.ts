/** Before a run touches anything: are the columns still those that were planned? A resumed run may be days old. */
import { formatTableName } from '@tidemark/contract/table-name'
import type { Bench, TableFacts } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'

/** Throws TM4108 with every difference; the run stays resumable. */
export async function refuseDrift(bench: Bench, { relation }: FlowPlan): Promise<void> {
  const source = await bench.source.describe(relation.source.table)
  const target = await bench.target.describe(relation.target.table)
  const planned = (side: 'source' | 'target') =>
    relation.columns.map((c) =>
      side === 'source' ? { name: c.source, type: c.sourceType } : { name: c.target, type: c.targetType },
    )
  const differences = [
    ...changed('source', relation.source.table, source, planned('source')),
    ...(target === null ? [] : changed('target', relation.target.table, target, planned('target'))),
  ]
  if (differences.length > 0) throw new AppError('TM4108', `since this run was planned: ${differences.join('; ')}`)
}

function changed(
  side: string,
  table: readonly string[],
  facts: TableFacts | null,
  planned: readonly { readonly name: string; readonly type: string }[],
): readonly string[] {
  if (facts === null) return [`${side} ${formatTableName(table)} is gone`]
  return planned.flatMap(({ name, type }) => {
    const now = facts.columns.find((c) => c.name === name)
    if (!now) return [`${side} column ${name} is gone`]
    return now.type === type ? [] : [`${side} column ${name} was ${type}, is ${now.type}`]
  })
}
