import type { DiscoverDocument } from '@tidemark/contract/api'
import { formatTableName } from '@tidemark/contract/table-name'
import { columnText, type FlowPlan } from '../discover/module-yaml.ts'
import type { DiscoverOptions } from './app.ts'
import { countJson } from './run-json.ts'

export function discoverDocument(
  { connection, write }: DiscoverOptions,
  target: string | null,
  flows: readonly FlowPlan[],
): DiscoverDocument {
  return {
    connection,
    target,
    module: write?.module ?? null,
    file: write?.path ?? null,
    tables: flows.map((flow) => tableDocument(flow, write?.module ?? null)),
  }
}

function tableDocument(
  { id, of, position, leftOut }: FlowPlan,
  module: string | null,
): DiscoverDocument['tables'][number] {
  return {
    table: formatTableName(of.table.table),
    kind: of.table.kind,
    rows: of.rows === null ? null : countJson(of.rows),
    rows_are: of.rowsAre,
    unchecked: of.unchecked,
    key: of.key === null ? null : { ...of.key, columns: [...of.key.columns] },
    no_key: of.noKey,
    positions: of.positions.map((p) => ({
      column: columnText(p),
      join: p.join === null ? null : formatTableName(p.join.table),
      reason: p.reason,
      remarks: [...p.remarks],
      sees_updates: p.seesUpdates,
      indexed: p.indexed,
    })),
    no_positions: of.refused.map((r) => ({ ...r })),
    shape: of.tree === null ? null : { ...of.tree },
    flow: module === null || leftOut !== null ? null : `${module}.${id}`,
    capture: module === null || leftOut !== null ? null : position === null ? 'backfill' : 'watermark',
    left_out: leftOut,
  }
}
