import type { FieldChange } from './merge-fields.ts'

export interface Activity {
  /** null: leave it */
  readonly write: boolean | null
  readonly written: readonly FieldChange[]
  readonly kept: readonly FieldChange[]
}

/**
 * On and off. Only a deploy's own `false` may become `true` again: what a person switched off stays off, also under
 * `overwrite`. `yaml` null: it says nothing; `base` null: no deploy ever did.
 */
export function mergeActivity(
  yaml: boolean | null,
  table: boolean,
  base: boolean | null,
  overwrite: boolean,
): Activity {
  if (yaml === null || yaml === table) return { write: null, written: [], kept: [] }
  const byHand = base !== table
  if (!byHand || (overwrite && !yaml)) return { write: yaml, written: [change(table, yaml)], kept: [] }
  return { write: null, written: [], kept: [change(yaml, table)] }
}

const change = (from: boolean, to: boolean): FieldChange => ({ path: 'active', from: String(from), to: String(to) })
