/** A flow's relation as the target's own engine sees it once the rows have arrived there. */
import type { TableName } from '@tidemark/contract/flow'
import type { FlowRelation, Selection } from './contract.ts'
import type { PlannedColumn } from './planned-column.ts'
import { SPOOL } from './lanes.ts'

/** The column that carries a position which no column of the target holds. */
export function carriedPosition(r: FlowRelation): string | null {
  if (r.position === null || r.position.targetColumn !== null) return null
  let name = 'tidemark position'
  while (r.columns.some((x) => x.target.toLowerCase() === name)) name += '_'
  return name
}

/**
 * Filters, joins and masks have done their work in the source; `typeOf` is the target's type of a column as it arrives,
 * and what is cast only here keeps its cast.
 */
export function arrivedRelation(
  r: FlowRelation,
  typeOf: (x: PlannedColumn) => string,
  positionType: string | null,
  castsHere: boolean,
): FlowRelation {
  const landed = (x: PlannedColumn): PlannedColumn => ({
    ...x,
    source: x.target,
    sourceType: typeOf(x),
    origin: { kind: 'main' },
    cast: castsHere && x.mask === null ? x.cast : null,
    mask: null,
  })
  const held = r.position?.targetColumn ?? carriedPosition(r)
  return {
    source: { table: SPOOL, joins: [], known: [] },
    target: r.target,
    key: r.key.map(landed),
    columns: r.columns.map(landed),
    position:
      r.position === null || held === null
        ? null
        : { ...r.position, type: positionType ?? r.position.type, ref: { table: null, column: held } },
    tree: null,
    steps: [],
    where: [],
    scope: [],
    excludeKeys: [],
  }
}

/** Every row that arrived. */
export const ALL_ARRIVED: Selection = {
  window: { after: null, upTo: null },
  withNullPosition: true,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
}

/** Rows of a file for a table, and nothing that a flow says besides. Types are the table's. */
export const columnsAlone = (
  table: TableName,
  columns: readonly { readonly name: string; readonly type: string }[],
): FlowRelation => ({
  source: { table: SPOOL, joins: [], known: [] },
  target: { table, beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key: [],
  columns: columns.map(({ name, type }) => ({
    source: name,
    target: name,
    sourceType: type,
    targetType: type,
    origin: { kind: 'main' },
    cast: null,
    mask: null,
  })),
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
})
