/** The documents of `tidemark snapshot`. Keys are stable. */
import { z } from 'zod'
import { Count, RunDocument } from './api.ts'

const ScopeJson = z.record(z.string(), z.string())

/** Of a snapshot, against the one it was compared with. */
export const DifferenceJson = z.strictObject({ new: Count, changed: Count, deleted: Count, unchanged: Count })

export const SchemaChangeJson = z.strictObject({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  /** `name OLD → NEW` */
  retyped: z.array(z.string()),
})

export const SnapshotJson = z.strictObject({
  snapshot: z.string(),
  flow: z.string(),
  scope: ScopeJson,
  run: z.string(),
  taken_at: z.string(),
  /** `current`: the next one is compared with it; `building`: its run is unfinished */
  status: z.enum(['current', 'kept', 'building']),
  /** that it was compared with; null: the first of its scope, or asked for in full */
  previous: z.string().nullable(),
  rows: Count,
  difference: DifferenceJson,
  schema_change: SchemaChangeJson,
  image_bytes: Count,
  /** null: its flow archives nothing */
  archive: z.enum(['pending', 'archived', 'lost']).nullable(),
})
export type SnapshotJson = z.output<typeof SnapshotJson>

/** `tidemark snapshot list --json`: the newest first */
export const SnapshotsDocument = z.strictObject({ snapshots: z.array(SnapshotJson) })
export type SnapshotsDocument = z.output<typeof SnapshotsDocument>

/** `tidemark snapshot take --json`: as `run` prints it, and the snapshots that these runs took */
export const SnapshotTakeDocument = RunDocument.extend({ snapshots: z.array(SnapshotJson) })
export type SnapshotTakeDocument = z.output<typeof SnapshotTakeDocument>

/** One value of each key column, as canonical text. */
const KeyJson = z.array(z.string().nullable())

/** `tidemark snapshot show --json` */
export const SnapshotDocument = z.strictObject({
  snapshot: SnapshotJson,
  key: z.array(z.string()),
  /** columns that were compared, with what was done to their values before */
  compared: z.array(z.strictObject({ column: z.string(), type: z.string(), normalised: z.array(z.string()) })),
  engine: z.string(),
  /** where its rows are; null: the file is gone */
  image: z.string().nullable(),
  /** some keys of each kind; of the first of a scope none */
  keys: z.strictObject({ new: z.array(KeyJson), changed: z.array(KeyJson), deleted: z.array(KeyJson) }),
})
export type SnapshotDocument = z.output<typeof SnapshotDocument>

/** What `snapshot diff --out` writes: a page for people, or every difference for programs. */
export const DIFFERENCE_FORMATS = ['html', 'csv', 'parquet', 'json'] as const
export type DifferenceFormat = (typeof DIFFERENCE_FORMATS)[number]

/** `archived`: nothing but its archive is left, which does not say what it was compared with and what that found */
export const ComparedSnapshotJson = SnapshotJson.extend({
  status: z.enum(['current', 'kept', 'building', 'archived']),
  difference: DifferenceJson.nullable(),
  schema_change: SchemaChangeJson.nullable(),
})
export type ComparedSnapshotJson = z.output<typeof ComparedSnapshotJson>

/** `tidemark snapshot diff --json` */
export const SnapshotDiffDocument = z.strictObject({
  flow: z.string(),
  before: ComparedSnapshotJson,
  after: ComparedSnapshotJson,
  /** of the later one */
  key: z.array(z.string()),
  /** `--columns`: a row that differs in others alone is unchanged here; null: all that both compare */
  only: z.array(z.string()).nullable(),
  difference: DifferenceJson,
  schema_change: SchemaChangeJson,
  /** compared columns that differ, with the number of rows in which they do: most first */
  columns: z.array(z.strictObject({ column: z.string(), rows: Count })),
  new: z.array(KeyJson),
  deleted: z.array(KeyJson),
  changed: z.array(
    z.strictObject({
      key: KeyJson,
      values: z.array(z.strictObject({ column: z.string(), old: z.string().nullable(), new: z.string().nullable() })),
    }),
  ),
  /** of each kind so many rows are listed at most; the counts are of all */
  limit: z.int().nullable(),
  /** `--out` */
  out: z
    .strictObject({
      file: z.string(),
      format: z.enum(DIFFERENCE_FORMATS),
      /** lines of `csv`, `parquet` and `json`: a new or deleted row has one, a changed row one for each value; a report has none */
      lines: Count.nullable(),
      bytes: Count,
    })
    .nullable(),
})
export type SnapshotDiffDocument = z.output<typeof SnapshotDiffDocument>
