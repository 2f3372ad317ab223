/** `tidemark snapshot validate`: archives are read again, byte by byte. Writes nothing. */
import { isDeepStrictEqual } from 'node:util'
import type { ArchiveProblem, ValidateDocument } from '@tidemark/contract/archive-documents'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { parseScopeText } from '@tidemark/contract/flow'
import type { ArchiveStore } from '../../dialects/archive/archive-store.ts'
import { Desk } from '../../dialects/duckdb/desk.ts'
import { AppError, asAppError } from '../../runtime/app-error.ts'
import { measure, otherHashes, readDigest } from '../../snapshot/measure.ts'
import { type AppContext, limitsOf } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { type KnownArchive, knownArchives } from './archive-json.ts'
import { copyHere } from './local-copy.ts'
import { openHot } from './snapshot-json.ts'

export interface ValidateOptions {
  /** null: all */
  readonly snapshot: string | null
  readonly full: boolean
}

export async function validateArchives(ctx: AppContext, options: ValidateOptions): Promise<ValidateDocument> {
  const all = await knownArchives(ctx, null)
  const chosen = options.snapshot === null ? all : all.filter(({ entry }) => entry.snapshot === options.snapshot)
  if (options.snapshot !== null && chosen.length === 0)
    throw new AppError('TM1005', `${options.snapshot} is archived nowhere`, {
      remedy: ['tidemark snapshot archive   lists what is'],
    })
  const archives: ValidateDocument['archives'] = []
  for (const known of chosen) {
    const { flow, entry } = known
    const problems = await problemsOf(ctx, known, options.full)
    archives.push({
      snapshot: entry.snapshot,
      flow,
      scope: { ...parseScopeText(entry.scope) },
      taken_at: entry.takenAt,
      location: entry.location,
      bytes: entry.manifest?.bytes ?? null,
      rows: entry.manifest?.rows ?? null,
      sound: problems.length === 0,
      problems: [...problems],
    })
  }
  return { full: options.full, archives }
}

async function problemsOf(ctx: AppContext, known: KnownArchive, full: boolean): Promise<readonly ArchiveProblem[]> {
  const { entry } = known
  if (entry.manifest === null)
    return [
      { what: 'not_archived', detail: `it is ${entry.state}${entry.problem === null ? '' : `: ${entry.problem}`}` },
    ]
  try {
    await using store = await openArchiveOf(ctx, entry.connection)
    return await look(ctx, store, known, entry.manifest, full)
  } catch (error) {
    const { code, message } = asAppError(error)
    return [{ what: code === 'TM6202' ? 'gone' : 'unreachable', detail: message }]
  }
}

/** Of the cheapest first: what is cut short is not read. */
async function look(
  ctx: AppContext,
  store: ArchiveStore,
  { flow, entry }: KnownArchive,
  manifest: ArchiveManifest,
  full: boolean,
): Promise<readonly ArchiveProblem[]> {
  const problems: ArchiveProblem[] = []
  const say = (what: ArchiveProblem['what'], detail: string): void => void problems.push({ what, detail })
  const name = { flow, snapshot: entry.snapshot }

  const beside = await besideOf(store, name)
  if (beside === null) say('gone', `its manifest is gone from ${store.location}`)
  else if (beside === 'unreadable') say('manifest', `its manifest in ${store.location} cannot be read`)
  else
    for (const field of Object.keys(manifest) as (keyof ArchiveManifest)[])
      if (!isDeepStrictEqual(beside[field], manifest[field]))
        say('manifest', `${field} is ${text(beside[field])} in its manifest, ${text(manifest[field])} in the hot side`)

  const size = await store.size(name)
  if (size === null) say('gone', `its file is gone from ${store.location}`)
  else if (size !== BigInt(manifest.bytes))
    say(
      'size',
      `${size} bytes instead of ${manifest.bytes}: the file is ${size < BigInt(manifest.bytes) ? 'cut short' : 'longer'}`,
    )
  if (size === null || size !== BigInt(manifest.bytes)) return problems

  using copy = await copyHere(store, name, ctx.project.engine.tempDir)
  if (copy.sha256 !== manifest.sha256) {
    say('sha256', `its bytes have changed: SHA-256 ${copy.sha256} instead of ${manifest.sha256}`)
    return problems
  }
  await using desk = await Desk.open(`archive of ${entry.snapshot}`, limitsOf(ctx))
  const { rows, schemaHash } = await measure(desk, copy.path)
  if (rows !== BigInt(manifest.rows)) say('rows', `${rows} rows in its file instead of ${manifest.rows}`)
  if (schemaHash !== manifest.schema_hash)
    say('schema', `its columns are others: schema hash ${schemaHash} instead of ${manifest.schema_hash}`)
  if (!full || problems.some(({ what }) => what === 'schema')) return problems

  const digest = await readDigest(desk, copy.path, manifest.compared)
  if (digest !== manifest.row_digest) say('row_hashes', 'the hashes of its rows are others than when it was archived')
  // where the hot side still has them, one by one
  await using hot = await openHot(ctx, flow)
  const others = hot === null ? null : await otherHashes(hot, entry.snapshot, copy.path, manifest.compared)
  if (others !== null && others.count > 0n)
    say('row_hashes', `${others.count} rows have another hash than the hot side has, such as ${others.keys.join(', ')}`)
  return problems
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

async function besideOf(
  store: ArchiveStore,
  name: { readonly flow: string; readonly snapshot: string },
): Promise<ArchiveManifest | 'unreadable' | null> {
  try {
    return await store.find(name)
  } catch (error) {
    if (error instanceof AppError && error.code === 'TM6203') return 'unreadable'
    throw error
  }
}
