import type { FlowRelation } from '../contract.ts'
import { sourceColumns } from '../source-columns.ts'

/**
 * What has another type than it was planned for, in words. `now`: the types of the source's columns in the order of
 * `sourceColumns`, then those of the target's where it is a table. `of`: where another engine has one of the two.
 */
export function changedTypes(
  r: FlowRelation,
  now: readonly (string | null | undefined)[],
  of: 'both' | 'source' | 'target' = 'both',
): readonly string[] {
  const planned = [
    ...(of === 'target' ? [] : sourceColumns(r).map(({ ref, type }) => ({ side: 'source', name: ref.column, type }))),
    ...(of === 'source' ? [] : r.columns.map((x) => ({ side: 'target', name: x.target, type: x.targetType }))),
  ]
  return planned.slice(0, now.length).flatMap(({ side, name, type }, i) => {
    const is = now[i] ?? 'unknown'
    return type === null || is === type ? [] : [`${side} column ${name} was ${type}, is ${is}`]
  })
}
