/** What no embedded database can show: declared cycles, indexes that matter. */
import { expect, test } from 'vitest'
import type { SurveyedColumn, SurveyedTable, TableLook } from '../dialects/survey.ts'
import { findPositions } from './find-positions.ts'
import { findTree } from './find-tree.ts'

const column = (name: string, more: Partial<SurveyedColumn> = {}): SurveyedColumn => ({
  name,
  type: 'bigint',
  nullable: true,
  identifies: true,
  order: { kind: 'number' },
  indexed: null,
  serial: false,
  ...more,
})
const time = (name: string, indexed: boolean): SurveyedColumn =>
  column(name, { order: { kind: 'time', coarse: null, zoned: true }, indexed })
const table = (columns: readonly SurveyedColumn[], more: Partial<SurveyedTable> = {}): SurveyedTable => ({
  table: ['dbo', 't'],
  kind: 'table',
  columns,
  rows: 10n,
  keys: [],
  references: [],
  ...more,
})
const looked = (t: SurveyedTable): TableLook => ({
  rows: 10n,
  columns: new Map(t.columns.map((c) => [c.name, { nulls: 0n, distinct: 10n, ahead: null }])),
})
const grows = { growsWithInsertion: async () => true }

test('a declared tree with a cycle is not sure, and says how many rows are in or below it', async () => {
  const self = { columns: ['parent_id'], table: ['dbo', 't'], referenced: ['id'] }
  const looped = table([column('id'), column('parent_id')], { references: [self] })
  const port = { isUnique: async () => true, treeOf: async () => ({ children: 10n, unplaced: 2n }) }
  expect(await findTree(port, looped, null, looked(looped))).toMatchObject({
    sure: false,
    reason: 'parent_id references id of the same table, but 2 rows in or below a cycle',
  })
  const whole = { ...port, treeOf: async () => ({ children: 9n, unplaced: 0n }) }
  expect(await findTree(whole, looped, null, looked(looped))).toMatchObject({ sure: true })
  expect(await findTree(whole, looped, null, null)).toMatchObject({
    sure: true,
    reason: expect.stringContaining('not checked for cycles'),
  })
})

test('a rowversion is proposed before any time, with its clock', async () => {
  const t = table([time('modified_on', true), column('version', { order: { kind: 'rowversion' }, indexed: false })])
  const { positions } = await findPositions(grows, t, null, looked(t))
  expect(positions.map((p) => [p.column, p.order, p.seesUpdates, p.remarks])).toEqual([
    ['version', 'rowversion', true, ['not indexed: slow']],
    ['modified_on', 'time', true, []],
  ])
})

test('a position that no index leads to is said to be slow, and one that was not looked at is said to be unchecked', async () => {
  const t = table([time('modified_on', false), time('updated_at', true)])
  const { positions } = await findPositions(grows, t, null, looked(t))
  expect(positions.map((p) => [p.column, p.indexed, p.remarks])).toEqual([
    ['modified_on', false, ['not indexed: slow']],
    ['updated_at', true, []],
  ])
  const unchecked = await findPositions(grows, t, null, null)
  expect(unchecked.positions[1]?.remarks).toEqual(['NULLs not checked'])
})
