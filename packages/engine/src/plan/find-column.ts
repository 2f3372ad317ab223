/** A column by the name a person wrote, as the database compares names. */
import type { ColumnRef } from '@tidemark/contract/flow'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { ColumnFacts, TableFacts } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import { didYouMean } from '../runtime/did-you-mean.ts'
import type { TableShapes } from './flow-facts.ts'

export const sameName = (folds: boolean, a: string, b: string): boolean =>
  a === b || (folds && a.toLowerCase() === b.toLowerCase())

export function findColumn(table: TableFacts, name: string, folds: boolean): ColumnFacts | undefined {
  return table.columns.find((c) => c.name === name) ?? table.columns.find((c) => sameName(folds, c.name, name))
}

/** Throws TM4002 with the name that was meant. */
export function needColumn(table: TableFacts, name: string, folds: boolean, role: string): ColumnFacts {
  const column = findColumn(table, name, folds)
  if (column) return column
  const names = table.columns.map((c) => c.name)
  throw unknownColumn(`${role} ${name} is not in ${formatTableName(table.table)}`, name, names, 'its columns')
}

export function unknownColumn(what: string, name: string, names: readonly string[], listed: string): AppError {
  const near = didYouMean(name, names)
  return new AppError('TM4002', `${what}${near === null ? '' : `   did you mean ${near}?`}`, {
    remedy: [`${listed}: ${names.join(', ')}`],
  })
}

export interface FoundColumn {
  readonly ref: ColumnRef
  readonly column: ColumnFacts
}

/** The column behind a reference, in the main table or a joined one. */
export function referencedColumn(shapes: TableShapes, folds: boolean, ref: ColumnRef, role: string): FoundColumn {
  const table = ref.table === null ? shapes.source : shapes.joins.get(ref.table)
  if (!table) throw new AppError('TM1013', `${role} ${formatColumnRef(ref)}: no join is called ${ref.table}`)
  const column = needColumn(table, ref.column, folds, role)
  return { ref: { table: ref.table, column: column.name }, column }
}
