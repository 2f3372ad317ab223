/** What a deploy makes of one row. */
import type { Activity } from './merge-activity.ts'
import type { FieldChange, MergedFields } from './merge-fields.ts'

export interface RowMerge<Write> {
  readonly subject: string
  readonly added: boolean
  /** null: the row stays as it is */
  readonly write: Write | null
  readonly written: readonly FieldChange[]
  readonly kept: readonly FieldChange[]
}

export const addedRow = <Write>(subject: string, write: Write): RowMerge<Write> => ({
  subject,
  added: true,
  write,
  written: [],
  kept: [],
})

/** `activity` null: the row can be neither on nor off. */
export function mergedRow<Write>(
  subject: string,
  write: Write,
  fields: MergedFields,
  activity: Activity | null,
): RowMerge<Write> {
  const nothing = fields.document === null && !fields.stale && (activity?.write ?? null) === null
  return {
    subject,
    added: false,
    write: nothing ? null : write,
    written: [...fields.written, ...(activity?.written ?? [])],
    kept: [...fields.kept, ...(activity?.kept ?? [])],
  }
}
