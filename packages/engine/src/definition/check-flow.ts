/** What a flow says that no single key can show: names that refer to nothing, settings that exclude each other. */
import type { CaptureSpec, ColumnRef, FlowSpec } from '@tidemark/contract/flow'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { formatTableName } from '@tidemark/contract/table-name'
import type { ErrorCode } from '@tidemark/contract/error-codes'
import { didYouMean } from '../runtime/did-you-mean.ts'
import { type Located, placeOf } from './located.ts'
import type { DefinitionProblem } from './problem.ts'

/** id → kind, and whether that kind can be used yet */
export type KnownConnections = ReadonlyMap<string, { readonly kind: string; readonly built: boolean }>

/** What each capture may be applied as; a mode that is not listed is taken at its word. */
const APPLIES: Readonly<Record<string, readonly string[]>> = {
  watermark: ['insert-missing', 'latest', 'forensic'],
  backfill: ['insert-missing', 'latest', 'replace', 'forensic'],
  snapshot: ['latest', 'live', 'forensic', 'none'],
  milestone: ['live', 'forensic'],
}

interface Finding {
  readonly code: ErrorCode
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly hint?: string | null
  readonly onKey?: true
}

export function checkFlow(
  flow: FlowBody,
  located: Located,
  connections: KnownConnections,
  task: string,
): readonly DefinitionProblem[] {
  const findings = [
    ...connectionsOf(flow, connections),
    ...selfCopy(flow),
    ...joinsOf(flow),
    ...aliasesOf(flow),
    ...keyOf(flow),
    ...columnsOf(flow),
    ...combinationsOf(flow),
  ]
  return findings.map(({ code, message, path, hint, onKey }) => ({
    code,
    message,
    hint: hint ?? null,
    place: placeOf(located, path, onKey ? 'key' : 'value'),
    task,
  }))
}

function* connectionsOf(flow: FlowBody, connections: KnownConnections): Generator<Finding> {
  for (const side of ['source', 'target'] as const) {
    const id = flow[side].connection
    const path = [side, 'connection']
    const known = connections.get(id)
    if (known === undefined) {
      const names = [...connections.keys()]
      const near = didYouMean(id, names)
      const hint =
        near === null ? `there is ${names.length === 0 ? 'none' : names.join(', ')}` : `did you mean "${near}"?`
      yield { code: 'TM1013', path, message: `connection "${id}" is not defined`, hint }
    } else if (!known.built) yield { code: 'TM1017', path, message: `a flow with a ${known.kind} connection` }
  }
}

function* selfCopy({ source, target }: FlowBody): Generator<Finding> {
  if (source.connection !== target.connection || formatTableName(source.table) !== formatTableName(target.table)) return
  yield { code: 'TM1019', path: ['target', 'table'], message: 'source and target are the same table' }
}

function* joinsOf({ source }: FlowBody): Generator<Finding> {
  const seen = new Set<string>()
  for (const [i, { as }] of source.joins.entries()) {
    const folded = as.toLowerCase()
    if (seen.has(folded)) yield { code: 'TM1014', path: ['source', 'join', i, 'as'], message: `join alias "${as}"` }
    seen.add(folded)
  }
}

function* aliasesOf(flow: FlowBody): Generator<Finding> {
  const aliases = flow.source.joins.map(({ as }) => as)
  for (const [ref, path] of refsOf(flow)) {
    if (ref.table === null || aliases.includes(ref.table)) continue
    const near = didYouMean(ref.table, aliases)
    const quoted = `a column with a dot in its name is quoted: "${ref.table}.${ref.column}"`
    yield {
      code: 'TM1013',
      path,
      message: `no join is called "${ref.table}"`,
      hint: near === null ? quoted : `did you mean "${near}"?`,
    }
  }
}

function* refsOf(flow: FlowBody): Generator<[ref: ColumnRef, path: readonly PropertyKey[]]> {
  for (const [i, condition] of flow.source.where.entries()) yield [condition.column, ['source', 'where', i, 'column']]
  for (const [name, ref] of Object.entries(flow.scope)) yield [ref, ['scope', name]]
  yield* refsOfCapture(flow.capture)
}

/** A mode's own schema made its options; columns among them are told by their form. */
function* refsOfCapture({ options }: CaptureSpec): Generator<[ref: ColumnRef, path: readonly PropertyKey[]]> {
  for (const [name, value] of Object.entries(options ?? {})) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (isColumnRef(value)) yield [value, ['capture', key]]
  }
}

const isColumnRef = (value: unknown): value is ColumnRef =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).sort().join() === 'column,table' &&
  'column' in value &&
  typeof value.column === 'string'

function* keyOf({ key, excludeKeys }: FlowBody): Generator<Finding> {
  for (const column of Object.keys(excludeKeys)) {
    if (key.includes(column)) continue
    const path = ['exclude_keys', column]
    yield {
      code: 'TM1013',
      path,
      onKey: true,
      message: `exclude_keys names "${column}", which is not in the key [${key.join(', ')}]`,
    }
  }
}

function* columnsOf({ key, columns: { include, exclude, rename } }: FlowBody): Generator<Finding> {
  for (const [i, column] of exclude.entries()) {
    const path = ['columns', 'exclude', i]
    if (key.includes(column))
      yield { code: 'TM1019', path, message: `"${column}" is in the key and cannot be excluded` }
    if (include?.includes(column)) yield { code: 'TM1019', path, message: `"${column}" is both included and excluded` }
  }
  for (const column of key) {
    if (include !== null && !include.includes(column)) {
      yield { code: 'TM1019', path: ['columns', 'include'], message: `"${column}" is in the key and must be included` }
    }
  }
  const targets = new Map<string, string>()
  for (const [from, to] of Object.entries(rename)) {
    const path = ['columns', 'rename', from]
    if (exclude.includes(from) || (include !== null && !include.includes(from))) {
      yield { code: 'TM1019', path, onKey: true, message: `"${from}" is renamed but not moved` }
    }
    const other = targets.get(to.toLowerCase())
    if (other !== undefined)
      yield { code: 'TM1019', path, message: `"${other}" and "${from}" are both renamed to "${to}"` }
    targets.set(to.toLowerCase(), from)
  }
}

function* combinationsOf({ capture, apply, shape, onReject }: FlowSpecPart): Generator<Finding> {
  const allowed = Object.hasOwn(APPLIES, capture.kind) ? APPLIES[capture.kind] : undefined
  if (allowed !== undefined && !allowed.includes(apply.kind)) {
    const message = `capture: ${capture.kind} cannot be applied as ${apply.kind}: choose ${allowed.join(' or ')}`
    yield { code: 'TM1019', path: ['apply'], message }
  }
  if (shape.kind === 'tree' && shape.orphans === 'quarantine' && onReject.kind === 'fail') {
    const message = 'orphans: quarantine keeps rows as rejects, which on_reject: fail does not allow'
    yield { code: 'TM1019', path: ['shape', 'orphans'], message, hint: 'add on_reject: quarantine' }
  }
}

type FlowSpecPart = Pick<FlowSpec, 'capture' | 'apply' | 'shape' | 'onReject'>
