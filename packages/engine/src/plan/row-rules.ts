/** What the target's definition says of rows that cannot land. Pure. */
import type { TableFacts } from '../dialects/contract.ts'
import type { PlannedColumn } from '../dialects/planned-column.ts'
import type { RowRules } from '../dialects/row-policy.ts'

export const NO_RULES: RowRules = { notNull: [], unique: [], folded: [] }

/** `target` null: the run makes it, with no constraint but its key. */
export function rowRules(
  source: TableFacts,
  target: TableFacts | null,
  columns: readonly PlannedColumn[],
  key: readonly PlannedColumn[],
): RowRules {
  if (target === null) return NO_RULES
  const filled = new Set(columns.map((x) => x.target))
  const keys = new Set(key.map((x) => x.target))
  const facts = new Map(target.columns.map((x) => [x.name, x]))
  const mayBeNull = (x: PlannedColumn): boolean =>
    x.mask?.kind === 'null' ||
    x.origin.kind !== 'main' ||
    source.columns.find((s) => s.name === x.source)?.nullable !== false
  return {
    // a row without a key is refused by the capture
    notNull: columns
      .filter((x) => !keys.has(x.target) && facts.get(x.target)?.nullable === false && mayBeNull(x))
      .map((x) => x.target),
    // where the key is among its columns, the key alone keeps it
    unique: target.uniqueKeys.filter(
      (names) => names.every((name) => filled.has(name)) && !key.every((x) => names.includes(x.target)),
    ),
    folded: key.flatMap((x) => {
      const collation = facts.get(x.target)?.collation
      return collation === undefined ? [] : [{ column: x.target, collation }]
    }),
  }
}
