/** Three-way merge of one connection: what the last deploy wrote, what the YAML says now, what the table holds. */
import type { ConnectionRow, Replacing } from '../control/control-store.ts'
import { canonicalJson, isJsonMap, type JsonMap } from './canonical.ts'
import { differIn, mergeFields } from './merge-fields.ts'
import { parseStoredJson } from './read-json.ts'
import { addedRow, mergedRow, type RowMerge } from './row-merge.ts'
import type { DeclaredConnection } from './rows.ts'

type Content = Omit<DeclaredConnection, 'id'>

/** `row` null: not in the tables yet. */
export function mergeConnection(
  declared: DeclaredConnection,
  row: ConnectionRow | null,
  overwrite: boolean,
): RowMerge<Replacing<ConnectionRow>> {
  const { id, kind, options } = declared
  const subject = `connection ${id}`
  const deployed = deployedText(declared)
  if (row === null) return addedRow(subject, { id, kind, options, deployed, was: null })

  const base = row.deployed === null ? null : readDeployed(row.deployed)
  const versions = { yaml: documentOf(declared), table: documentOf(row), base }
  // the options of one kind have no meaning under another
  const indivisible = differIn(versions, (document) => document['kind'])
  const fields = mergeFields(versions, { indivisible, whole: new Set(), context: 'connection' }, overwrite)
  const content = fields.document === null ? { kind: row.kind, options: row.options } : contentOf(fields.document)
  return mergedRow(subject, { id, ...content, deployed, was: row }, fields, null)
}

/** As it stands in the YAML: `kind` is one of the keys. */
const documentOf = ({ kind, options }: Content): JsonMap => ({ kind, ...(parseStoredJson(options) as JsonMap) })

function contentOf({ kind, ...options }: JsonMap): Content {
  return { kind: typeof kind === 'string' ? kind : '', options: canonicalJson(options) }
}

const deployedText = ({ kind, options }: Content): string => JSON.stringify({ kind, options: parseStoredJson(options) })

function readDeployed(text: string): JsonMap {
  const { kind = '', options } = parseStoredJson(text) as JsonMap
  return { kind, ...(isJsonMap(options) ? options : {}) }
}
