/** What the migrations make, as their texts say it. */
import { batchesOf } from './batches-of-script.ts'
import { SQLSERVER_MIGRATIONS } from './sqlserver-migrations.ts'

export const MIGRATION_BATCHES: readonly string[] = SQLSERVER_MIGRATIONS.flatMap(({ text }) => batchesOf(text))

export interface SchemaCode {
  readonly kind: string
  /** one batch */
  readonly text: string
}

/** Of triggers, views and functions by name: as the newest migration that makes it says it. */
export const SCHEMA_CODE: ReadonlyMap<string, SchemaCode> = new Map(
  MIGRATION_BATCHES.flatMap((text) => {
    const [, kind, name] = /^(?:--.*\n)*create (trigger|view|function) tidemark\.(\w+)/.exec(text) ?? []
    return kind === undefined || name === undefined ? [] : [[name, { kind, text }] as const]
  }),
)
