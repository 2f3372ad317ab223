/** Two snapshots beside each other: which keys are new, changed, deleted or unchanged, and what columns they do not share. */
import type { Desk } from '../dialects/duckdb/desk.ts'
import type { Sql } from '../dialects/sql-text.ts'
import { type ComparedColumn, takes } from './compared.ts'
import { countKinds, judge, judgeByRowHash, judgeByText, judgeExactly } from './judge.sql.ts'
import { type DifferenceCounts, NO_SCHEMA_CHANGE, type SchemaChange, type SnapshotRow } from './snapshot-row.ts'

/**
 * `fingerprints`: both were made of the same columns in the same way. `row hashes`: of the same columns, and a column was
 * retyped or the engine is another. `common columns`: hashed anew, from both images.
 */
export type Way = 'fingerprints' | 'row hashes' | 'common columns'

export type Comparable = Pick<SnapshotRow, 'engine' | 'key' | 'compared'>

export interface Compared {
  readonly columns: readonly { readonly before: ComparedColumn; readonly now: ComparedColumn }[]
  readonly schema: SchemaChange
  /** the cheapest that tells */
  readonly way: Way
}

/** The columns that both have, as the later one normalises them. */
export function beside(before: Comparable, now: Comparable): Compared {
  const old = new Map(before.compared.map((column) => [column.name, column]))
  const columns = now.compared.flatMap((column) => {
    const found = old.get(column.name)
    return found === undefined
      ? []
      : [
          {
            before: { ...found, steps: column.steps.filter((step) => takes(found.type, step)) },
            now: column,
            was: found,
          },
        ]
  })
  const schema: SchemaChange = {
    added: now.compared.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.compared
      .filter(({ name }) => !now.compared.some((column) => column.name === name))
      .map(({ name }) => name),
    retyped: columns
      .filter(({ was, now: column }) => was.type !== column.type)
      .map(({ was, now: column }) => `${column.name} ${was.type} → ${column.type}`),
  }
  return {
    columns: columns.map(({ before: b, now: n }) => ({ before: b, now: n })),
    schema,
    way: wayOf(before, now),
  }
}

const inOrder = ({ compared }: Comparable): readonly ComparedColumn[] =>
  compared.toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** A canonical text does not depend on the type. */
const textsOf = (of: Comparable): string =>
  JSON.stringify([of.key, inOrder(of).map(({ name, steps }) => ({ name, steps }))])
const valuesOf = (of: Comparable): string => JSON.stringify([of.key, of.engine, inOrder(of)])

export function wayOf(before: Comparable, now: Comparable): Way {
  if (valuesOf(before) === valuesOf(now)) return 'fingerprints'
  return textsOf(before) === textsOf(now) ? 'row hashes' : 'common columns'
}

export interface ComparisonRequest {
  /** `rows`: see `keptRows` */
  readonly before: (Comparable & { readonly rows: Sql; readonly image: string }) | null
  readonly now: Comparable & { readonly image: string }
  readonly exact: boolean
}

/** The statements that leave JUDGED behind, of what is in PRESENT: those after the first read images. */
export function comparison({ before, now, exact }: ComparisonRequest): readonly [first: Sql, ...others: Sql[]] {
  if (before === null) return [judge(null, true)]
  const { way, columns: both } = beside(before, now)
  const first = judge(before.rows, way === 'fingerprints' && !exact)
  const images = { before: before.image, now: now.image }
  const columns = { before: both.map((c) => c.before), now: both.map((c) => c.now) }
  if (exact) return [first, judgeExactly(images, both)]
  if (way === 'fingerprints') return [first]
  return [first, ...(way === 'row hashes' ? judgeByRowHash(images.now, columns.now) : judgeByText(images, columns))]
}

export async function compare(desk: Desk, request: ComparisonRequest): Promise<Compared> {
  const { before, now } = request
  const [first, ...others] = comparison(request)
  await desk.exec(first)
  if (before === null) return { columns: [], schema: NO_SCHEMA_CHANGE, way: 'fingerprints' }
  using _room = others.length === 0 ? null : await desk.room(before.compared.length + now.compared.length)
  for (const statement of others) await desk.exec(statement)
  return beside(before, now)
}

/** Of JUDGED, as it stands. */
export async function counted(desk: Desk): Promise<DifferenceCounts> {
  const kinds = new Map((await desk.query(countKinds)).map(([kind, n]) => [kind, BigInt(n ?? '0')]))
  const of = (kind: string): bigint => kinds.get(kind) ?? 0n
  return { added: of('new'), changed: of('changed'), deleted: of('deleted'), unchanged: of('unchanged') }
}
