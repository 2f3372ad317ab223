/** Snapshots whose rows can be read: by their image, or by their archive where the image is gone. */
import { existsSync } from 'node:fs'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { ImageColumn } from '../../dialects/duckdb/image.sql.ts'
import type { ComparedColumn } from '../../snapshot/compared.ts'
import type { HotSide } from '../../snapshot/hot-side.ts'
import type { SnapshotRow } from '../../snapshot/snapshot-row.ts'
import type { AppContext } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { flowsOf, knownArchives } from './archive-json.ts'
import { soundCopy } from './local-copy.ts'
import { openHot, snapshotsOf } from './snapshot-json.ts'

export interface Readable {
  readonly flow: string
  readonly snapshot: string
  /** `scopeText` */
  readonly scope: string
  readonly takenAt: string
  readonly from: 'image' | 'archive'
  readonly key: readonly string[]
  readonly compared: readonly ComparedColumn[]
  readonly columns: readonly ImageColumn[]
  /** Its Parquet file, until that is disposed of. Throws TM6201 to TM6203 where the archive has none that is sound. */
  open(): Promise<{ readonly path: string } & Disposable>
}

/** The oldest first; of one flow, or of all. */
export async function readables(ctx: AppContext, flow: string | null): Promise<readonly Readable[]> {
  const found: Readable[] = []
  for (const id of await flowsOf(ctx, flow)) found.push(...(await imagesOf(ctx, id)))
  const there = new Set(found.map(({ flow: of, snapshot }) => `${of} ${snapshot}`))
  for (const { flow: of, entry } of await knownArchives(ctx, flow))
    if (entry.manifest !== null && !there.has(`${of} ${entry.snapshot}`))
      found.push(archivedOf(ctx, entry.connection, entry.manifest))
  return found.toSorted((a, b) => (a.takenAt < b.takenAt ? -1 : a.takenAt > b.takenAt ? 1 : 0))
}

async function imagesOf(ctx: AppContext, flow: string): Promise<readonly Readable[]> {
  await using hot = await openHot(ctx, flow)
  if (hot === null) return []
  return (await snapshotsOf(await ctx.store('read'), flow, hot))
    .filter(({ json }) => json.status !== 'building')
    .flatMap(({ row }) => imageOf(hot, flow, row) ?? [])
}

/** Null: its image is gone. */
export function imageOf(hot: HotSide, flow: string, row: SnapshotRow): Readable | null {
  const path = hot.image(row.id)
  if (!existsSync(path)) return null
  const { id: snapshot, scope, takenAt, key, compared, columns } = row
  const open = () => Promise.resolve({ path, [Symbol.dispose]: () => {} })
  return { flow, snapshot, scope, takenAt, key, compared, columns, from: 'image', open }
}

export function archivedOf(ctx: AppContext, connection: string | null, manifest: ArchiveManifest): Readable {
  const { flow, snapshot, scope, taken_at: takenAt, key, compared, columns } = manifest
  return {
    flow,
    snapshot,
    scope,
    takenAt,
    key,
    compared,
    columns,
    from: 'archive',
    open: async () => {
      await using store = await openArchiveOf(ctx, connection)
      return await soundCopy(store, manifest, ctx.project.engine.tempDir)
    },
  }
}
