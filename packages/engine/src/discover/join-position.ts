/**
 * A table without a time of its own whose key references the key of another: that one's time may stand for both. Only
 * by references the catalog declares, because every row then has its partner, and only where no partner is without one:
 * it would be remembered as unmatched for ever.
 */
import type { Examined, ProposedPosition } from './proposal.ts'

const ALIAS = 'meta'

export function joinPosition(of: Examined, others: readonly Examined[]): ProposedPosition | null {
  if (of.key === null || of.look === null || of.positions.some((p) => p.seesUpdates)) return null
  const key = new Set(of.key.columns)
  for (const { columns, table, referenced } of of.table.references) {
    if (columns.length !== key.size || !columns.every((c) => key.has(c))) continue
    const other = others.find((o) => o !== of && o.table.table.join('\0') === table.join('\0'))
    const position = other?.positions.find((p) => p.seesUpdates && p.join === null)
    if (!other || !position || other.look?.rows !== of.look.rows) continue
    const on = Object.fromEntries(columns.map((c, i) => [c, referenced[i] ?? '']))
    return {
      ...position,
      join: { table, as: ALIAS, on },
      reason: `in ${table.at(-1)}, which every row references by its key; ${position.reason}`,
      remarks: ['join', ...position.remarks],
    }
  }
  return null
}
