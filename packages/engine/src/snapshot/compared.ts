/** Which columns a snapshot compares, and as what. */
import type { Normalisation, SnapshotOptions } from '@tidemark/contract/capture'
import type { FlowRelation } from '../dialects/contract.ts'
import { findType, type TypeTree } from '../dialects/duckdb/type-text.ts'
import { type Sql, sql, whole } from '../dialects/sql-text.ts'
import { typed } from '../dialects/relational/names.ts'
import { AppError } from '../runtime/app-error.ts'

export interface ComparedColumn {
  readonly name: string
  readonly type: string
  readonly steps: readonly Normalisation[]
}

/** A value as it is compared, and its type then. */
export interface NormalisedValue {
  readonly type: string
  readonly value: Sql
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** In the order of the flow; the key's columns are always among them. Throws TM4002 or TM4003. */
export function comparedColumns(r: FlowRelation, options: SnapshotOptions): readonly ComparedColumn[] {
  const { include, exclude, normalise } = options
  const names = r.columns.map(({ target }) => target)
  for (const [where, given] of [
    ['compare', [...(include ?? []), ...exclude]],
    ['normalise', Object.keys(normalise)],
  ] as const) {
    const unknown = given.find((name) => !names.some((n) => isSame(n, name)))
    if (unknown !== undefined)
      throw new AppError('TM4002', `capture.${where} names ${unknown}, which the target does not get`, {
        remedy: [`its columns: ${names.join(', ')}`],
      })
  }
  const isCompared = (name: string): boolean =>
    r.key.some(({ target }) => target === name) ||
    (include === null ? !exclude.some((n) => isSame(n, name)) : include.some((n) => isSame(n, name)))
  return r.columns
    .filter(({ target }) => isCompared(target))
    .map(({ target, targetType }) => {
      const steps = Object.entries(normalise).find(([name]) => isSame(name, target))?.[1] ?? []
      for (const step of steps) refuseMisplaced(target, targetType, step)
      return { name: target, type: targetType, steps }
    })
}

/** Can that be done to values of the type? */
export const takes = (type: string, { kind }: Normalisation): boolean =>
  kind === 'round' ? isFraction(findType(type)) : type === 'VARCHAR'

function refuseMisplaced(name: string, type: string, step: Normalisation): void {
  if (takes(type, step)) return
  const { kind } = step
  const what = kind === 'round' ? 'a decimal or a float' : 'a text'
  throw new AppError('TM4003', `capture.normalise ${name}: ${kind} is for ${what}, and ${name} is ${type}`)
}

const isFraction = (type: TypeTree | null): boolean =>
  type?.kind === 'decimal' || (type?.kind === 'scalar' && (type.name === 'FLOAT' || type.name === 'DOUBLE'))

export function normalised({ type, steps }: Pick<ComparedColumn, 'type' | 'steps'>, value: Sql): NormalisedValue {
  return steps.reduce<NormalisedValue>((now, step) => ({ ...now, ...done(now, step) }), { type, value })
}

function done({ type, value }: NormalisedValue, step: Normalisation): NormalisedValue {
  switch (step.kind) {
    case 'trim':
      return { type, value: sql`trim(${value})` }
    case 'case':
      return { type, value: sql`lower(${value})` }
    case 'empty-is-null':
      return { type, value: sql`nullif(${value}, '')` }
    case 'round':
      return rounded(type, value, step.digits)
  }
}

function rounded(type: string, value: Sql, digits: number): NormalisedValue {
  const tree = findType(type)
  const by = whole(BigInt(digits))
  // −0.0, which a small negative number is rounded to, is 0
  if (tree?.kind !== 'decimal') return { type, value: sql`CAST(round(${value}, ${by}) + 0 AS ${typed(type)})` }
  if (digits >= tree.scale) return { type, value }
  const coarser = `DECIMAL(${tree.precision},${digits})`
  return { type: coarser, value: sql`CAST(round(${value}, ${by}) AS ${typed(coarser)})` }
}
