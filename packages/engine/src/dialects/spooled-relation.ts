/** A flow's relation as the batches read it that come from its spool. */
import type { FlowRelation, Selection } from './contract.ts'
import { SPOOL } from './lanes.ts'
import type { PlannedColumn } from './planned-column.ts'

/** A flow as its spool gives it: columns as the target has them, cast and masked already; filters have done their work. */
export function spooledRelation(r: FlowRelation): FlowRelation {
  const landed = (x: PlannedColumn): PlannedColumn => ({
    ...x,
    source: x.target,
    sourceType: x.targetType,
    origin: { kind: 'main' },
    cast: null,
    mask: null,
  })
  return {
    source: { table: SPOOL, joins: [], known: [] },
    target: r.target,
    key: r.key.map(landed),
    columns: r.columns.map(landed),
    position: r.position && { ...r.position, ref: { table: null, column: positionColumn(r, r.position.targetColumn) } },
    tree: null,
    steps: [],
    where: [],
    scope: [],
    excludeKeys: [],
  }
}

function positionColumn(r: FlowRelation, held: string | null): string {
  if (held !== null) return held
  let name = 'tidemark position'
  while (r.columns.some((x) => x.target.toLowerCase() === name)) name += '_'
  return name
}

/** Every row of the spool. */
export const WHOLE_SPOOL: Selection = {
  window: { after: null, upTo: null },
  withNullPosition: true,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
}
