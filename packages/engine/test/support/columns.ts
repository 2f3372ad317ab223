/** Flows that say something of their columns. */
import type { ColumnsSpec, FlowSpec } from '@tidemark/contract/flow'
import { ALL_COLUMNS, flowSpec } from './world.ts'

export const columnsOf = (columns: Partial<ColumnsSpec>, over: Partial<FlowSpec> = {}): FlowSpec =>
  flowSpec({ ...over, columns: { ...ALL_COLUMNS, ...columns } })

export const META = [{ table: ['meta'], as: 'meta', on: { id: 'id' } }]
export const joinedTo = (over: Partial<FlowSpec> = {}): Partial<FlowSpec> => ({
  ...over,
  source: { ...flowSpec().source, joins: META },
})
export const fromColumn = (column: string, table: string | null = null) =>
  ({ kind: 'column', column: { table, column } }) as const
export const constant = (value: string | null) => ({ kind: 'value', value }) as const
