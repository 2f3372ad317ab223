/** `columns` against the tables as they are: include and exclude, then add, rename, cast, mask; then what the target holds. Pure. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import type { ColumnFacts, TargetPort } from '../dialects/contract.ts'
import type { ColumnOrigin, PlannedColumn, PlannedMask } from '../dialects/planned-column.ts'
import { AppError } from '../runtime/app-error.ts'
import type { TableShapes } from './flow-facts.ts'
import { findColumn, needColumn, referencedColumn, sameName, unknownColumn } from './find-column.ts'

export interface ColumnsRequest {
  readonly definition: FlowSpec
  readonly shapes: TableShapes
  readonly source: { readonly foldsCase: boolean }
  readonly target: Pick<TargetPort, 'castNarrowing' | 'textType' | 'holdsText' | 'typeFor'>
}

export interface ResolvedColumns {
  readonly columns: readonly PlannedColumn[]
  /** those that the target lacks and is given */
  readonly adds: readonly string[]
  /** new in the source, lacked by the target, not moved: as `name TYPE` */
  readonly leftOut: readonly string[]
}

/** A column on its way, before anybody looked at the target. */
interface Moved {
  readonly name: string
  readonly source: string
  readonly origin: ColumnOrigin
  /** null: a constant, which is of whatever type it lands in */
  readonly type: string | null
  readonly collation?: string | undefined
  readonly cast: string | null
  readonly mask: PlannedMask | null
  /** the flow names it: it is never left out without a word */
  readonly named: boolean
}

const HASH_DIGITS = 64

export function resolveColumns(r: ColumnsRequest): ResolvedColumns {
  const { definition: d, shapes } = r
  const folds = r.source.foldsCase
  const moved = movedColumns(r)
  const twice = moved.find((c, i) => moved.findIndex((o) => sameName(folds, o.name, c.name)) !== i)
  if (twice) throw new AppError('TM1019', `${d.id}: two columns would land in ${twice.name}`)
  const columns: PlannedColumn[] = []
  const missing: string[] = []
  const adds: string[] = []
  const leftOut: string[] = []
  for (const c of moved) {
    const held = shapes.target === null ? undefined : findColumn(shapes.target, c.name, folds)
    if (held?.generated) continue
    const planned = landed(r, c, held ?? null)
    const what = `${planned.target} ${planned.targetType}`
    if (held || shapes.target === null) columns.push(planned)
    else if (d.drift === 'add' && !isKey(d, c, folds)) {
      columns.push(planned)
      adds.push(planned.target)
    } else if (d.drift === 'ignore' && !c.named) leftOut.push(what)
    else missing.push(what)
  }
  if (missing.length > 0) throw lacks(d, missing)
  return { columns, adds, leftOut }
}

const isKey = (d: FlowSpec, c: Moved, folds: boolean): boolean =>
  c.origin.kind === 'main' && d.key.some((k) => sameName(folds, k, c.source))

function lacks(d: FlowSpec, missing: readonly string[]): AppError {
  const table = formatTableName(d.target.table)
  return new AppError('TM4108', `the target ${table} lacks ${missing.join(', ')}`, {
    remedy: [
      ...missing.map((m) => `alter table ${table} add column ${m}`),
      `or columns: { exclude: [${missing.map((m) => m.split(' ')[0]).join(', ')}] }`,
      ...(d.drift === 'add' ? [] : ['or drift: add   gives the target the new columns of the source']),
    ],
  })
}

function movedColumns(r: ColumnsRequest): readonly Moved[] {
  const { columns: spec, key } = r.definition
  const { source, castTypes } = r.shapes
  const folds = r.source.foldsCase
  for (const name of [...(spec.include ?? []), ...spec.exclude, ...Object.keys(spec.rename)])
    needColumn(source, name, folds, 'column')
  const listed = (names: readonly string[], name: string): boolean => names.some((n) => sameName(folds, n, name))
  const of = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
    Object.entries(values).find(([n]) => sameName(folds, n, name))?.[1]
  const finish = (c: Omit<Moved, 'cast' | 'mask'>): Moved => {
    const cast = of(spec.cast, c.name)
    const mask = of(spec.mask, c.name)
    return {
      ...c,
      cast: cast === undefined ? null : (castTypes.get(cast) ?? cast),
      mask: mask ?? null,
      named: c.named || cast !== undefined || mask !== undefined,
    }
  }
  const taken = source.columns
    .filter((c) => (spec.include === null || listed(spec.include, c.name)) && !listed(spec.exclude, c.name))
    .map((c) => {
      const renamed = of(spec.rename, c.name)
      const named = renamed !== undefined || listed([...(spec.include ?? []), ...key], c.name)
      const { type, collation } = c
      return finish({ name: renamed ?? c.name, source: c.name, origin: { kind: 'main' }, type, collation, named })
    })
  const added = Object.entries(spec.add).map(([name, from]) => {
    if (from.kind === 'value')
      return finish({ name, source: name, origin: { kind: 'value', value: from.value }, type: null, named: true })
    const { ref, column } = referencedColumn(r.shapes, folds, from.column, `columns.add ${name}:`)
    const origin: ColumnOrigin = ref.table === null ? { kind: 'main' } : { kind: 'joined', alias: ref.table }
    const { type, collation } = column
    return finish({ name, source: column.name, origin, type, collation, named: true })
  })
  const all = [...taken, ...added]
  const names = all.map((c) => c.name)
  for (const part of ['cast', 'mask'] as const)
    for (const name of Object.keys(spec[part]))
      if (!listed(names, name))
        throw unknownColumn(`columns.${part} names ${name}, which is not moved`, name, names, 'the columns that land')
  return all
}

/** As it lands in `held`; null: in a column made for it. */
function landed(r: ColumnsRequest, c: Moved, held: ColumnFacts | null): PlannedColumn {
  const { mask, origin, cast } = c
  // a constant is read as the type that holds it; without one it is text
  const sourceType = c.type ?? (mask === null ? (held?.type ?? cast) : cast) ?? r.target.textType(Infinity)
  const planned = (targetType: string): PlannedColumn => ({
    source: c.source,
    target: held?.name ?? c.name,
    sourceType,
    ...(c.collation === undefined ? {} : { sourceCollation: c.collation }),
    targetType,
    origin,
    // a type of another kind of database may be called alike
    cast: c.type === null || (cast === sourceType && r.target.typeFor(sourceType) === cast) ? null : cast,
    mask,
  })
  const text = mask?.kind === 'hash' ? HASH_DIGITS : mask?.kind === 'redact' ? mask.text.length : null
  if (text !== null) {
    if (held && !r.target.holdsText(held.type, text))
      throw unfit(r, c, held, `is ${held.type}, and ${mask?.kind} makes a text of ${text} characters`)
    return planned(held?.type ?? r.target.textType(text))
  }
  if (mask?.kind === 'null') {
    if (held && !held.nullable) throw unfit(r, c, held, 'is NOT NULL, and the mask makes it NULL')
    return planned(held?.type ?? cast ?? r.target.typeFor(sourceType) ?? sourceType)
  }
  if (held && cast !== null) refuseWiderCast(r, c, cast, held)
  return planned(held?.type ?? cast ?? (c.type === null ? sourceType : (r.target.typeFor(sourceType) ?? sourceType)))
}

function unfit(r: ColumnsRequest, c: Moved, held: ColumnFacts, why: string): AppError {
  const table = formatTableName(r.definition.target.table)
  return new AppError('TM4032', `mask of ${c.name}: ${table}.${held.name} ${why}`)
}

/** A cast makes values of its type; the target has to hold those exactly. */
function refuseWiderCast(r: ColumnsRequest, c: Moved, cast: string, held: ColumnFacts): void {
  const why = r.target.castNarrowing(cast, held.type)
  if (why === null) return
  throw new AppError('TM4107', `${c.name} is cast to ${cast}, the target column is ${held.type}: ${why}`, {
    remedy: [`columns: { cast: { ${c.name}: ${held.type} } }`, `or change the target column to ${cast}`],
  })
}
