/** Snapshots of a flow that can be compared: those that are kept, and those that nothing but their archive is left of. */
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import { type FlowSpec, parseScopeText } from '@tidemark/contract/flow'
import type { ComparedSnapshotJson } from '@tidemark/contract/snapshot-documents'
import { AppError } from '../../runtime/app-error.ts'
import type { HotSide } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { archivedOf, imageOf, type Readable } from './readable.ts'
import { snapshotsOf } from './snapshot-json.ts'

export interface Side extends Readable {
  readonly json: ComparedSnapshotJson
  /** version of the engine that made the hashes that are kept; null: none are */
  readonly engine: string | null
}

/** Oldest first. `named`: ids that a person gave, which the hot side may have lost. */
export async function sidesOf(
  ctx: AppContext,
  flow: FlowSpec,
  hot: HotSide,
  named: readonly (string | null)[],
): Promise<readonly Side[]> {
  const archived = new Map<string, Side>()
  for (const { connection, manifest } of await hot.entries())
    if (manifest !== null) archived.set(manifest.snapshot, archivedSide(ctx, connection, manifest))
  const kept = (await snapshotsOf(await ctx.store('read'), flow.id, hot)).map(({ row, json }): Side => {
    const { id: snapshot, scope, takenAt, key, compared, columns, engine } = row
    const { from, open } = imageOf(hot, flow.id, row) ?? archived.get(snapshot) ?? lost(flow.id, snapshot)
    return { flow: flow.id, snapshot, scope, takenAt, key, compared, columns, from, open, json, engine }
  })
  const sides = new Map([...archived, ...kept.map((side) => [side.snapshot, side] as const)])
  for (const id of named) {
    const found = id === null || sides.has(id) ? null : await archivedAlone(ctx, flow, id)
    if (found !== null) sides.set(found.snapshot, found)
  }
  return [...sides.values()].toSorted((a, b) => (a.takenAt < b.takenAt ? -1 : a.takenAt > b.takenAt ? 1 : 0))
}

const lost = (flow: string, snapshot: string): Pick<Side, 'from' | 'open'> => ({
  from: 'image',
  open: () =>
    Promise.reject(new AppError('TM4041', `the image of ${snapshot} of ${flow}, whose values are to be shown`)),
})

/** Null: the flow's archive does not have it either. */
async function archivedAlone(ctx: AppContext, { id: flow, capture }: FlowSpec, snapshot: string): Promise<Side | null> {
  const archive = capture.kind === 'snapshot' ? (capture.options as SnapshotOptions).archive : null
  if (archive === null) return null
  await using store = await openArchiveOf(ctx, archive.connection)
  const manifest = await store.find({ flow, snapshot })
  return manifest && archivedSide(ctx, archive.connection, manifest)
}

const archivedSide = (ctx: AppContext, connection: string | null, m: ArchiveManifest): Side => ({
  ...archivedOf(ctx, connection, m),
  engine: null,
  json: {
    snapshot: m.snapshot,
    flow: m.flow,
    scope: { ...parseScopeText(m.scope) },
    run: m.run,
    taken_at: m.taken_at,
    status: 'archived',
    previous: null,
    rows: m.rows,
    difference: null,
    schema_change: null,
    image_bytes: m.bytes,
    archive: 'archived',
  },
})
