/** The columns that a flow names and does not merely move, each with the place that names it. */
import type { CaptureSpec, ColumnRef } from '@tidemark/contract/flow'
import type { FlowBody } from '@tidemark/contract/flow-schema'

export interface FlowRef {
  readonly ref: ColumnRef
  readonly path: readonly PropertyKey[]
  /** as a sentence has it: "is the position" */
  readonly role: string
}

const mainColumn = (column: string): ColumnRef => ({ table: null, column })

/** Those that rows are found, ordered or narrowed by, without the key. */
export function* usedRefs(flow: FlowBody): Generator<FlowRef> {
  for (const [i, { column }] of flow.source.where.entries())
    yield { ref: column, path: ['source', 'where', i, 'column'], role: 'a column of where' }
  for (const [name, ref] of Object.entries(flow.scope))
    yield { ref, path: ['scope', name], role: `the scope "${name}"` }
  for (const name of Object.keys(flow.excludeKeys))
    yield { ref: mainColumn(name), path: ['exclude_keys', name], role: 'a column of exclude_keys' }
  yield* refsOfCapture(flow.capture)
  if (flow.shape.kind !== 'tree') return
  for (const part of ['locator', 'parent'] as const)
    yield { ref: mainColumn(flow.shape[part]), path: ['shape', part], role: `the ${part} of the tree` }
}

/** All that may name a joined table. */
export function* aliasedRefs(flow: FlowBody): Generator<FlowRef> {
  yield* usedRefs(flow)
  for (const [name, added] of Object.entries(flow.columns.add)) {
    if (added.kind === 'column') yield { ref: added.column, path: ['columns', 'add', name], role: 'an added column' }
  }
}

/** A mode's own schema made its options; columns among them are told by their form. */
function* refsOfCapture({ options }: CaptureSpec): Generator<FlowRef> {
  for (const [name, value] of Object.entries(options ?? {})) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (isColumnRef(value)) yield { ref: value, path: ['capture', key], role: `the ${key.replaceAll('_', ' ')}` }
  }
}

const isColumnRef = (value: unknown): value is ColumnRef =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).sort().join() === 'column,table' &&
  'column' in value &&
  typeof value.column === 'string'
