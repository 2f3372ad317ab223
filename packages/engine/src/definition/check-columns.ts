/** `columns`: what is moved, under which names. What only the source itself can tell is left to the plan. */
import type { ColumnRef, ColumnsSpec } from '@tidemark/contract/flow'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { type Finding, nearHint } from './finding.ts'
import { usedRefs } from './flow-refs.ts'

/** Two names that differ only in case are one in some databases. */
const fold = (name: string): string => name.toLowerCase()
const has = (names: Iterable<string>, name: string): boolean => [...names].some((n) => fold(n) === fold(name))

export function* columnsOf(flow: FlowBody): Generator<Finding> {
  yield* choiceOf(flow)
  yield* renamesOf(flow)
  yield* addedOf(flow)
  yield* namesOf(flow.columns)
  yield* masksOf(flow)
}

function* choiceOf({ key, columns: { include, exclude } }: FlowBody): Generator<Finding> {
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
}

function* renamesOf({ columns }: FlowBody): Generator<Finding> {
  const { include, rename } = columns
  const targets = new Map<string, string>()
  for (const [from, to] of Object.entries(rename)) {
    const path = ['columns', 'rename', from]
    if (has(Object.keys(columns.add), from)) {
      const hint = `exclude "${from}", and add the source's column as "${to}"`
      yield { code: 'TM1019', path, onKey: true, message: `"${from}" is both added and renamed`, hint }
    } else if (!isMoved(columns, from)) {
      yield { code: 'TM1019', path, onKey: true, message: `"${from}" is renamed but not moved` }
    }
    const other = targets.get(fold(to))
    if (other !== undefined)
      yield { code: 'TM1019', path, message: `"${other}" and "${from}" are both renamed to "${to}"` }
    else if (include !== null && has(include, to) && !has(Object.keys(rename), to))
      yield { code: 'TM1019', path, message: `"${from}" is renamed to "${to}", which is a column already` }
    targets.set(fold(to), from)
  }
}

/** An added column needs a name that is free once include and exclude have had their say. */
function* addedOf(flow: FlowBody): Generator<Finding> {
  const { columns } = flow
  const known = columns.include ?? mentioned(flow)
  const seen = new Map<string, string>()
  for (const name of Object.keys(columns.add)) {
    const at = { code: 'TM1019', path: ['columns', 'add', name], onKey: true } as const
    const other = seen.get(fold(name))
    if (other !== undefined) yield { ...at, message: `"${other}" and "${name}" are both added` }
    else if (has(known, name) && !has(columns.exclude, name)) {
      const hint = `exclude "${name}", or add it under another name`
      yield { ...at, message: `"${name}" is added, but the source has a column of that name`, hint }
    } else if (has(Object.values(columns.rename), name))
      yield { ...at, message: `"${name}" is added, and another column is renamed to it` }
    seen.set(fold(name), name)
  }
}

/** Columns that the main table must have, since the flow names them. */
const mentioned = (flow: FlowBody): readonly string[] => [
  ...flow.key,
  ...flow.source.joins.flatMap(({ on }) => Object.keys(on)),
  ...[...usedRefs(flow)].flatMap(({ ref }) => (ref.table === null ? [ref.column] : [])),
]

/** `cast` and `mask` name columns as the target has them. */
function* namesOf(columns: ColumnsSpec): Generator<Finding> {
  const { include, exclude, add, rename } = columns
  const renamed = Object.values(rename)
  const targets =
    include === null ? null : include.filter((c) => !exclude.includes(c)).map((c) => targetName(columns, c))
  for (const [part, verb] of [
    ['cast', 'cast'],
    ['mask', 'masked'],
  ] as const) {
    for (const name of Object.keys(columns[part])) {
      if (Object.hasOwn(add, name) || renamed.includes(name) || targets?.includes(name)) continue
      const at = { path: ['columns', part, name], onKey: true } as const
      if (Object.hasOwn(rename, name)) {
        const message = `columns.${part} names columns as the target has them, where "${name}" is called otherwise`
        yield { ...at, code: 'TM1013', message, hint: `did you mean "${rename[name]}"?` }
      } else if (has(exclude, name)) yield { ...at, code: 'TM1019', message: `"${name}" is ${verb} but not moved` }
      else if (targets !== null) {
        const hint = nearHint(name, [...targets, ...Object.keys(add)]) ?? 'add it to columns.include'
        yield { ...at, code: 'TM1013', message: `columns.${part} names "${name}", which is not moved`, hint }
      }
    }
  }
}

/** A mask hides nothing where the clear value is used, stored, or moved a second time. */
function* masksOf(flow: FlowBody): Generator<Finding> {
  const { columns } = flow
  const masked = Object.entries(columns.mask)
  const refuse = (name: string, why: string): Finding => {
    const path = ['columns', 'mask', name]
    return { code: 'TM1030', path, onKey: true, message: `"${name}" ${why}` }
  }
  const reasons = new Map<string, string>()
  for (const { ref, role } of usedRefs(flow))
    for (const name of carriersOf(columns, ref)) reasons.set(fold(name), `is ${role}, whose clear values are needed`)
  // rows of the position without a main row are remembered by these: hashed, or in clear
  for (const ref of positionJoinOf(flow))
    for (const name of carriersOf(columns, ref))
      if (!isHashed(columns, name)) reasons.set(fold(name), 'joins the position: only hash can be remembered')
  const keys = flow.key.flatMap((column) => carriersOf(columns, { table: null, column }))
  for (const [name, { kind }] of masked) {
    const reason = reasons.get(fold(name))
    const copy = equalsOf(flow, originOf(columns, name))
      .flatMap((ref) => carriersOf(columns, ref))
      .find((n) => !has(Object.keys(columns.mask), n))
    if (reason !== undefined) yield refuse(name, reason)
    else if (kind !== 'hash' && has(keys, name)) yield refuse(name, 'is in the key: only hash keeps rows apart')
    else if (copy !== undefined) yield refuse(name, `is masked, but "${copy}" holds the same column in clear`)
  }
}

const sameRef = (a: ColumnRef, b: ColumnRef): boolean => a.table === b.table && fold(a.column) === fold(b.column)

/** The column, and those that a join makes equal to it. */
function equalsOf({ source }: FlowBody, ref: ColumnRef | null): readonly ColumnRef[] {
  if (ref === null) return []
  const pairs = source.joins.flatMap(({ as, on }) =>
    Object.entries(on).map(([main, other]): readonly [ColumnRef, ColumnRef] => [
      { table: null, column: main },
      { table: as, column: other },
    ]),
  )
  const equal = [ref]
  for (const known of equal)
    for (const [a, b] of pairs)
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        if (sameRef(from, known) && !equal.some((e) => sameRef(e, to))) equal.push(to)
  return equal
}

const isHashed = ({ mask }: ColumnsSpec, name: string): boolean =>
  Object.entries(mask).some(([n, { kind }]) => fold(n) === fold(name) && kind === 'hash')

/** The columns that the position's table is joined by, on both sides. */
function positionJoinOf({ source, capture }: FlowBody): readonly ColumnRef[] {
  const { position } = (capture.options ?? {}) as { readonly position?: ColumnRef }
  const join = source.joins.find((j) => j.as === position?.table)
  if (!join) return []
  return Object.entries(join.on).flatMap(([main, other]) => [
    { table: null, column: main },
    { table: join.as, column: other },
  ])
}

const isMoved = ({ include, exclude }: ColumnsSpec, column: string): boolean =>
  !has(exclude, column) && (include === null || has(include, column))

const targetName = ({ rename }: ColumnsSpec, column: string): string =>
  Object.entries(rename).find(([from]) => fold(from) === fold(column))?.[1] ?? column

/** The target columns that hold a column of the source. */
function carriersOf(columns: ColumnsSpec, ref: ColumnRef | null): readonly string[] {
  if (ref === null) return []
  const added = Object.entries(columns.add).flatMap(([name, { kind, ...of }]) =>
    kind === 'column' && 'column' in of && of.column.table === ref.table && fold(of.column.column) === fold(ref.column)
      ? [name]
      : [],
  )
  const moved = ref.table === null && isMoved(columns, ref.column) ? [targetName(columns, ref.column)] : []
  return [...moved, ...added]
}

/** The column of the source that a target column holds; null: a constant, or no column of the target. */
function originOf({ add, rename }: ColumnsSpec, target: string): ColumnRef | null {
  const added = Object.hasOwn(add, target) ? add[target] : undefined
  if (added !== undefined) return added.kind === 'column' ? added.column : null
  const from = Object.entries(rename).find(([, to]) => to === target)?.[0]
  return from === undefined && Object.hasOwn(rename, target) ? null : { table: null, column: from ?? target }
}
