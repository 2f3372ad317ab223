/** The documents of `tidemark snapshot archive | validate | cleanup | stats | tag | restore | key`. Keys are stable. */
import { z } from 'zod'
import { Count, ErrorJson } from './api.ts'
import { ArchiveTags } from './archive-manifest.ts'

const ScopeJson = z.record(z.string(), z.string())

export const ArchiveJson = z.strictObject({
  snapshot: z.string(),
  flow: z.string(),
  scope: ScopeJson,
  taken_at: z.string(),
  /** null: the database of `KESTRA_POSTGRES_*` */
  connection: z.string().nullable(),
  /** `pending`: the next run writes it, or `snapshot archive --retry`; `lost`: its image went before it was written */
  state: z.enum(['pending', 'archived', 'lost']),
  /** why it could not be written, the last time */
  problem: z.string().nullable(),
  tags: ArchiveTags,
  /** null: for ever */
  retention_until: z.string().nullable(),
  /** null from here on: not archived */
  location: z.string().nullable(),
  archived_at: z.string().nullable(),
  rows: Count.nullable(),
  bytes: Count.nullable(),
  uncompressed_bytes: Count.nullable(),
  /** uncompressed : compressed */
  compression_ratio: z.number().nullable(),
  /** of the Parquet file */
  sha256: z.string().nullable(),
  schema_hash: z.string().nullable(),
})
export type ArchiveJson = z.output<typeof ArchiveJson>

/** `tidemark snapshot archive --json`: the newest first; with `--retry` those that were tried */
export const ArchivesDocument = z.strictObject({ archives: z.array(ArchiveJson) })
export type ArchivesDocument = z.output<typeof ArchivesDocument>

export const ArchiveProblem = z.strictObject({
  what: z.enum(['gone', 'size', 'sha256', 'manifest', 'rows', 'schema', 'row_hashes', 'unreachable', 'not_archived']),
  detail: z.string(),
})
export type ArchiveProblem = z.output<typeof ArchiveProblem>

/** `tidemark snapshot validate --json` */
export const ValidateDocument = z.strictObject({
  /** every row was hashed again */
  full: z.boolean(),
  archives: z.array(
    z.strictObject({
      snapshot: z.string(),
      flow: z.string(),
      scope: ScopeJson,
      taken_at: z.string(),
      location: z.string().nullable(),
      bytes: Count.nullable(),
      rows: Count.nullable(),
      sound: z.boolean(),
      /** empty where it is sound */
      problems: z.array(ArchiveProblem),
    }),
  ),
})
export type ValidateDocument = z.output<typeof ValidateDocument>

/** `tidemark snapshot cleanup --json` */
export const CleanupDocument = z.strictObject({
  dry_run: z.boolean(),
  /** null: only what no retention holds any more goes */
  keep_days: z.int().nullable(),
  /** that were deleted, or would be: the oldest first */
  archives: z.array(ArchiveJson),
  /** as old, and kept */
  kept: z.array(
    z.strictObject({
      snapshot: z.string(),
      flow: z.string(),
      scope: ScopeJson,
      why: z.enum(['held', 'newest', 'retention', 'pending']),
    }),
  ),
  /** could not be deleted, and are still known */
  failed: z.array(z.strictObject({ snapshot: z.string(), flow: z.string(), error: ErrorJson })),
})
export type CleanupDocument = z.output<typeof CleanupDocument>

/** `tidemark snapshot stats --json` */
export const SnapshotStatsDocument = z.strictObject({
  days: z.int(),
  scopes: z.array(
    z.strictObject({
      flow: z.string(),
      scope: ScopeJson,
      /** taken within these days */
      archives: z.int(),
      /** of all times */
      pending: z.int(),
      rows: Count,
      bytes: Count,
      uncompressed_bytes: Count,
      compression_ratio: z.number().nullable(),
      oldest: z.string().nullable(),
      newest: z.string().nullable(),
    }),
  ),
})
export type SnapshotStatsDocument = z.output<typeof SnapshotStatsDocument>

/** `tidemark snapshot tag --json` */
export const TagDocument = z.strictObject({ archive: ArchiveJson })
export type TagDocument = z.output<typeof TagDocument>

/** `tidemark snapshot restore --json` */
export const RestoreDocument = z.strictObject({
  snapshot: z.string(),
  flow: z.string(),
  scope: ScopeJson,
  taken_at: z.string(),
  /** where its rows came from */
  from: z.enum(['image', 'archive']),
  /** null: into a table */
  file: z.string().nullable(),
  format: z.enum(['parquet', 'csv', 'json']).nullable(),
  /** null: into a file */
  table: z.strictObject({ connection: z.string(), name: z.string() }).nullable(),
  rows: Count,
})
export type RestoreDocument = z.output<typeof RestoreDocument>

/** `tidemark snapshot key --json` */
export const KeyHistoryDocument = z.strictObject({
  flow: z.string(),
  key: z.array(z.string().nullable()),
  /** the oldest first; each is compared with the one before it of its scope */
  history: z.array(
    z.strictObject({
      snapshot: z.string(),
      scope: ScopeJson,
      taken_at: z.string(),
      from: z.enum(['image', 'archive']),
      /** `absent`: it was not there before either */
      what: z.enum(['new', 'changed', 'unchanged', 'deleted', 'absent']),
      /** compared columns that are others than before */
      changes: z.array(z.strictObject({ column: z.string(), old: z.string().nullable(), new: z.string().nullable() })),
      /** every column as canonical text; null: the row is not there */
      values: z.record(z.string(), z.string().nullable()).nullable(),
    }),
  ),
  /** whose rows cannot be read now */
  unread: z.array(z.strictObject({ snapshot: z.string(), error: ErrorJson })),
})
export type KeyHistoryDocument = z.output<typeof KeyHistoryDocument>
