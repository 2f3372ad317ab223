/** One snapshot, as the hot side knows it. */
import type { ImageColumn } from '../dialects/duckdb/image.sql.ts'
import type { ComparedColumn } from './compared.ts'

export interface DifferenceCounts {
  /** rows that the target lacks though the snapshot before has them are among them */
  readonly added: bigint
  readonly changed: bigint
  readonly deleted: bigint
  readonly unchanged: bigint
}

/** Columns that are compared in one of two snapshots only, or have another type. */
export interface SchemaChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly retyped: readonly string[]
}

export interface SnapshotRow {
  readonly id: string
  /** grows with each snapshot of the flow */
  readonly number: bigint
  /** `scopeText` */
  readonly scope: string
  readonly run: string
  readonly takenAt: string
  /** `building` until somebody has seen that its run settled */
  readonly state: 'building' | 'kept'
  /** that it was compared with; null: it was the first of its scope, or was asked for in full */
  readonly previous: string | null
  readonly rows: bigint
  readonly counts: DifferenceCounts
  readonly schema: SchemaChange
  /** version of the engine that made the fingerprints */
  readonly engine: string
  readonly key: readonly string[]
  readonly compared: readonly ComparedColumn[]
  /** all that the image has */
  readonly columns: readonly ImageColumn[]
  readonly imageBytes: bigint
}

export const NO_SCHEMA_CHANGE: SchemaChange = { added: [], removed: [], retyped: [] }

export const hasSchemaChange = ({ added, removed, retyped }: SchemaChange): boolean =>
  added.length + removed.length + retyped.length > 0
