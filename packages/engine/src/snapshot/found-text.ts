/** What a snapshot found, as a sentence. */
import type { Extracted } from '../capture/capture-mode.ts'
import { hasSchemaChange, type SchemaChange, type SnapshotRow } from './snapshot-row.ts'

/** `id` null: it is not kept. */
export type Found = Pick<SnapshotRow, 'counts' | 'previous' | 'schema'> & { readonly id: string | null }

/** `leaves`: rows are delivered, and those that are deleted stay. */
export function foundText(s: Found, leaves: boolean): Extracted {
  const { added, changed, deleted, unchanged } = s.counts
  const parts = [
    ...(added > 0n ? [`${added} new`] : []),
    ...(changed > 0n ? [`${changed} changed`] : []),
    ...(deleted > 0n ? [`${deleted} deleted${leaves ? ', which stay in the target' : ''}`] : []),
  ]
  const since = s.previous === null ? '' : ` since ${s.previous}`
  const named = s.id === null ? '' : `${s.id}: `
  const schema = hasSchemaChange(s.schema) ? `; ${schemaText(s.schema)}` : ''
  return parts.length === 0
    ? { changed: false, reason: `${named}nothing changed${since}, ${unchanged} rows${schema}` }
    : { changed: true, reason: `${named}${parts.join(', ')}, ${unchanged} unchanged${since}${schema}` }
}

export const schemaText = ({ added, removed, retyped }: SchemaChange): string =>
  [
    ...(added.length > 0 ? [`columns added: ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`columns removed: ${removed.join(', ')}`] : []),
    ...(retyped.length > 0 ? [`columns retyped: ${retyped.join(', ')}`] : []),
  ].join('; ')
