/** Snapshots of the hot side as documents. */
import { parseScopeText } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import type { SnapshotJson } from '@tidemark/contract/snapshot-documents'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { ControlStore } from '../../control/control-store.ts'
import { HotSide } from '../../snapshot/hot-side.ts'
import type { DifferenceCounts, SnapshotRow } from '../../snapshot/snapshot-row.ts'
import type { AppContext } from '../app-context.ts'
import { hotPlace } from '../hot-place.ts'
import { countJson } from '../run-json.ts'

type Status = SnapshotJson['status']

export const differenceJson = (c: DifferenceCounts): SnapshotJson['difference'] => ({
  new: countJson(c.added),
  changed: countJson(c.changed),
  deleted: countJson(c.deleted),
  unchanged: countJson(c.unchanged),
})

export const schemaJson = ({ schema }: Pick<SnapshotRow, 'schema'>): SnapshotJson['schema_change'] => ({
  added: [...schema.added],
  removed: [...schema.removed],
  retyped: [...schema.retyped],
})

export const keyJson = (text: string): (string | null)[] => JSON.parse(text) as (string | null)[]

const jsonOf = (flow: string, s: SnapshotRow, status: Status, archive: SnapshotJson['archive']): SnapshotJson => ({
  snapshot: s.id,
  flow,
  scope: { ...parseScopeText(s.scope) },
  run: s.run,
  taken_at: s.takenAt,
  status,
  previous: s.previous,
  rows: countJson(s.rows),
  difference: differenceJson(s.counts),
  schema_change: schemaJson(s),
  image_bytes: countJson(s.imageBytes),
  archive,
})

export interface ListedSnapshot {
  readonly row: SnapshotRow
  readonly json: SnapshotJson
}

/** Oldest first. Of a run that settled a moment before a crash the hot side has not heard: the ledger has. */
export async function snapshotsOf(store: ControlStore, flow: string, hot: HotSide): Promise<readonly ListedSnapshot[]> {
  const current = new Set(
    (await store.ledger.listWatermarks()).filter((w) => w.flow === flow).map(({ position }) => position),
  )
  const archives = await hot.archiveStates()
  const listed: ListedSnapshot[] = []
  for (const row of await hot.list()) {
    const status = current.has(row.id) ? 'current' : row.state === 'kept' ? 'kept' : await buildingOf(store, row)
    if (status !== null) listed.push({ row, json: jsonOf(flow, row, status, archives.get(row.id) ?? null) })
  }
  return listed
}

/** Null: its run was given up, and the next one removes it. */
async function buildingOf(store: ControlStore, { run }: SnapshotRow): Promise<Status | null> {
  const found = await store.ledger.findRun(parseRunId(run))
  if (found === null || found.state === 'superseded') return null
  return (UNFINISHED_RUN_STATES as readonly string[]).includes(found.state) ? 'building' : 'kept'
}

/** Null: the flow has taken none. */
export const openHot = (ctx: AppContext, flow: string): Promise<HotSide | null> =>
  HotSide.open(hotPlace(ctx.project, ctx.config), flow, 'read')
