import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { Catalogs } from '../relational/names.ts'
import { sql } from '../sql-text.ts'
import { type AccessPath, accessPath } from './access-path.ts'
import type { IndexedTable } from './indexed-table.ts'
import { sqlserverKit } from './sql-kit.ts'
import { cutByBytes, cutByRows, inRange } from './split-range.sql.ts'
import { printed } from './style.ts'

const column = (name: string, type: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})
const TENANT = column('tenant', 'int')
const ID = column('id', 'bigint')
const relation = (key: readonly PlannedColumn[], more: Partial<FlowRelation> = {}): FlowRelation => ({
  source: { table: ['t'], joins: [], known: [] },
  target: { table: ['t'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key,
  columns: key,
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
  ...more,
})
const AT = {
  ref: { table: null, column: 'at' },
  type: 'datetime2(3)',
  clock: 'utc',
  zone: null,
  targetColumn: null,
} as const
const c = { kit: sqlserverKit(13) } as Catalogs
const order = (by: 'position' | 'key', after: readonly string[] | null, upTo: readonly string[] | null) =>
  ({ kind: 'order', by, after, upTo }) as const
const text = (r: FlowRelation, range: Parameters<typeof inRange>[2]): string =>
  printed(inRange(c, r, range))
    .replaceAll(/CONVERT\((int|bigint), (N'[^']*')\)/g, '$2')
    .replaceAll(/CONVERT\([^,]*, (N'[^']*'), 121\)/g, '$1')

describe('a range of a SQL Server source', () => {
  test('of one column is a seek', () => {
    const r = relation([ID])
    expect(text(r, order('key', null, ['7']))).toBe("[m].[id] <= N'7'")
    expect(text(r, order('key', ['7'], ['9']))).toBe("[m].[id] > N'7' AND [m].[id] <= N'9'")
    expect(text(r, order('key', ['9'], null))).toBe("[m].[id] > N'9'")
    expect(text(r, order('key', null, null))).toBe('1 = 1')
  })

  test('of several columns bounds the first one besides, and says what both ends begin with', () => {
    const r = relation([TENANT, ID])
    expect(text(r, order('key', ['1', '7'], ['2', '5']))).toBe(
      "[m].[tenant] >= N'1' AND ([m].[tenant] > N'1' OR ([m].[tenant] = N'1' AND [m].[id] > N'7')) AND [m].[tenant] <= N'2' AND ([m].[tenant] < N'2' OR ([m].[tenant] = N'2' AND [m].[id] <= N'5'))",
    )
    expect(text(r, order('key', ['1', '7'], ['1', '9']))).toBe(
      "[m].[tenant] = N'1' AND [m].[id] > N'7' AND [m].[id] <= N'9'",
    )
  })

  test('of one position is told by the key, and a row without one is in none', () => {
    const r = relation([ID], { position: AT })
    expect(text(r, order('position', ['2026-01-01', '5'], ['2026-01-01', '9']))).toBe(
      "[m].[at] = N'2026-01-01' AND [m].[id] > N'5' AND [m].[id] <= N'9'",
    )
    expect(text(r, order('position', null, null))).toBe('[m].[at] IS NOT NULL')
    expect(text(r, { kind: 'no-position' })).toBe('[m].[at] IS NULL')
  })

  test('by places or numbers there is none', () => {
    expect(() => text(relation([ID]), { kind: 'pages', from: '0', to: null, unseenBy: null })).toThrow(TypeError)
  })

  test('every row is in exactly one range of a cut, those with one tenant too', () => {
    using db = new DatabaseSync(':memory:')
    const rows = [1, 2, 3].flatMap((tenant) => [1, 2, 3, 4].map((id) => [String(tenant), String(id)]))
    db.exec(
      `CREATE TABLE m AS SELECT column1 AS tenant, column2 AS id FROM (VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')})`,
    )
    for (let size = 1; size <= rows.length; size++) {
      const ends = rows.filter((_, i) => (i + 1) % size === 0 || i === rows.length - 1)
      const found = ends.flatMap((end, i) => {
        const range = order('key', ends[i - 1] ?? null, i === ends.length - 1 ? null : end)
        // numbers without marks: names in brackets are SQLite's too
        const predicate = text(relation([TENANT, ID]), range).replaceAll(/N'(\d+)'/g, '$1')
        return db.prepare(`SELECT tenant, id FROM m WHERE ${predicate}`).all()
      })
      expect(found.map(({ tenant, id }) => `${String(tenant)} ${String(id)}`).toSorted()).toEqual(
        rows.map((row) => row.join(' ')),
      )
    }
  })
})

test('a cut reads each row once: numbered, added up and compared with the next one in the same order', () => {
  const rows = { from: sql`[t] AS m`, where: sql`1 = 1` }
  const cut = printed(cutByBytes(c, relation([ID]), 'key', rows, { rows: 100, bytes: 1_000 }, sql`8`))
  expect(cut.match(/FROM \[t\] AS m/g)).toHaveLength(1)
  expect(cut.match(/ORDER BY \[k1\]/g)).toHaveLength(4)
  expect(printed(cutByRows(c, relation([ID]), 'key', rows, { rows: 100 }))).not.toContain('SUM(')
})

describe('the path to the rows of a selection', () => {
  const table = (...indexes: readonly (readonly string[])[]): IndexedTable => ({ indexes, rows: null })
  const path = (
    r: FlowRelation,
    windowed: boolean,
    main: IndexedTable,
    ofPosition: IndexedTable | null = main,
  ): AccessPath => accessPath(r, windowed, main, ofPosition)

  test('is an index on the position for a window, and one on the key else', () => {
    const r = relation([ID], { position: AT })
    const main = table(['id'], ['at', 'id'])
    expect(path(r, true, main)).toEqual({ by: 'position', seeks: true, ordered: true })
    expect(path(r, false, main)).toEqual({ by: 'key', seeks: true, ordered: true })
    expect(path(r, true, table(['id']))).toEqual({ by: 'key', seeks: true, ordered: true })
    expect(path(r, true, table(['id'], ['at', 'other']))).toMatchObject({ by: 'position', seeks: true, ordered: false })
  })

  test('is the whole table where no index leads with either, or the key is masked', () => {
    const r = relation([ID])
    expect(path(r, false, table(['other']))).toEqual({ by: 'key', seeks: false, ordered: false })
    const masked = { ...ID, mask: { kind: 'hash', key: 'env:KEY' } as const }
    expect(path(relation([masked]), false, table(['id']))).toMatchObject({ seeks: false })
  })

  test('of a key of several columns its first one leads', () => {
    const r = relation([TENANT, ID])
    expect(path(r, false, table(['tenant', 'id']))).toMatchObject({ seeks: true, ordered: true })
    expect(path(r, false, table(['tenant']))).toMatchObject({ seeks: true, ordered: false })
    expect(path(r, false, table(['id', 'tenant']))).toMatchObject({ seeks: false })
  })
})
