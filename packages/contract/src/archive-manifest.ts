/**
 * What is known of an archived snapshot. It lies beside its file, so that the archive can be understood without the
 * project that wrote it; the hot side has the same text.
 */
import { z } from 'zod'
import { Count } from './api.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const ArchiveTags = z.record(z.string(), z.string())
export type ArchiveTags = z.output<typeof ArchiveTags>

export const ARCHIVE_FORMAT = 1

export const ArchiveManifest = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  flow: z.string(),
  snapshot: z.string(),
  /** `scopeText`: `{}` is the whole flow */
  scope: z.string(),
  run: z.string(),
  taken_at: z.string(),
  archived_at: z.string(),
  /** null: for ever */
  retention_until: z.string().nullable(),
  tags: ArchiveTags,
  rows: Count,
  /** of the Parquet file */
  sha256: Sha256,
  bytes: Count,
  /** of its pages, as they were before they were compressed */
  uncompressed_bytes: Count,
  /** uncompressed : compressed */
  compression_ratio: z.number().nonnegative(),
  /** SHA-256 over names and types of the file's columns */
  schema_hash: Sha256,
  /** of all row hashes, whatever their order: four sums, each of one quarter of them */
  row_digest: z.string(),
  key: z.array(z.string()),
  /** over which the row hashes are */
  compared: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      steps: z.array(
        z.union([
          z.strictObject({ kind: z.enum(['trim', 'case', 'empty-is-null']) }),
          z.strictObject({ kind: z.literal('round'), digits: z.int() }),
        ]),
      ),
    }),
  ),
  /** all that the file has, with the types that its values have, whatever they lie in the file as */
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  /** version of the engine that made it */
  engine: z.string(),
})
export type ArchiveManifest = z.output<typeof ArchiveManifest>
