/** What every dialect's survey must answer, run by each with tables of its own. */
import { describe, expect, test } from 'vitest'
import type { SurveyedTable, SurveyPort } from '../../src/dialects/survey.ts'

export interface SurveyWorld extends AsyncDisposable {
  readonly port: SurveyPort
  /** names of tables come in small letters, however they were made */
  readonly foldsNames?: boolean
  /** its catalog knows rows only once they were analysed */
  readonly estimatesLate?: boolean
}

/** Makes tables from SELECTs in DuckDB's words. */
export type OpenSurveyWorld = (tables: Readonly<Record<string, string>>) => Promise<SurveyWorld>

const NODES = `SELECT id, CAST(parent AS BIGINT) AS parent, v, day, stamp FROM (VALUES
  (1, NULL, 'a', DATE '2026-01-01', TIMESTAMP '2026-01-01 10:00:00'),
  (2, 1, 'a', DATE '2026-01-01', TIMESTAMP '2026-01-01 10:00:00'),
  (3, 2, NULL, DATE '2026-01-02', TIMESTAMP '9999-01-01 00:00:00')) t(id, parent, v, day, stamp)`
const LOOP =
  'SELECT CAST(i AS BIGINT) AS id, CAST(CASE i WHEN 0 THEN NULL WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE 0 END AS BIGINT) AS parent FROM range(4) t(i)'

export function surveyContract(name: string, open: OpenSurveyWorld): void {
  const nodesOf = async (port: SurveyPort, last = 'nodes'): Promise<SurveyedTable> => {
    const table = (await port.tables()).find((t) => t.table.at(-1) === last)
    if (!table) throw new Error(`${last} is not listed`)
    return table
  }

  describe(`survey contract: ${name}`, () => {
    test('every table is listed by name, with columns, what they can be, and an honest number of rows', async () => {
      await using w = await open({ nodes: NODES, 'Odd "name"; --': 'SELECT 1 AS "select"' })
      const tables = await w.port.tables()
      const named = tables.map((t) => t.table.at(-1) ?? '')
      const odd = 'Odd "name"; --'
      expect(new Set(named)).toEqual(new Set([w.foldsNames === true ? odd.toLowerCase() : odd, 'nodes']))
      const nodes = await nodesOf(w.port)
      expect(nodes.columns.map((c) => [c.name, c.identifies, c.order?.kind ?? null])).toEqual([
        ['id', true, 'number'],
        ['parent', true, 'number'],
        ['v', true, null],
        ['day', true, 'time'],
        ['stamp', true, 'time'],
      ])
      const kinds = nodes.columns.flatMap(({ order }) => (order?.kind === 'time' ? [[order.coarse, order.zoned]] : []))
      expect(kinds).toEqual([
        ['a day', false],
        [null, false],
      ])
      if (w.estimatesLate !== true) expect(nodes.rows === null || nodes.rows === 3n).toBe(true)
      expect(await w.port.countUpTo(nodes, 10n)).toBe(3n)
      expect(await w.port.countUpTo(nodes, 2n)).toBe(2n)
    })

    test('a look counts rows, NULLs and times in the future', async () => {
      await using w = await open({ nodes: NODES })
      const { rows, columns } = await w.port.look(await nodesOf(w.port))
      expect(rows).toBe(3n)
      expect([...columns].map(([column, { nulls }]) => [column, nulls])).toEqual([
        ['id', 0n],
        ['parent', 1n],
        ['v', 1n],
        ['day', 0n],
        ['stamp', 0n],
      ])
      expect(columns.get('stamp')?.ahead).toEqual({ values: 1n, newest: '9999-01-01 00:00:00', withinADay: false })
      expect(columns.get('day')?.ahead).toBe(null)
    })

    test('columns are unique alone or together', async () => {
      await using w = await open({ nodes: NODES })
      const nodes = await nodesOf(w.port)
      expect(await w.port.isUnique(nodes, ['id'])).toBe(true)
      expect(await w.port.isUnique(nodes, ['day'])).toBe(false)
      expect(await w.port.isUnique(nodes, ['day', 'v'])).toBe(false)
      expect(await w.port.isUnique(nodes, ['day', 'parent'])).toBe(true)
    })

    test('rows that hang below a root are told from those in a cycle', async () => {
      await using w = await open({ nodes: NODES, looped: LOOP })
      expect(await w.port.treeOf(await nodesOf(w.port), 'id', 'parent')).toEqual({ children: 2n, unplaced: 0n })
      expect(await w.port.treeOf(await nodesOf(w.port, 'looped'), 'id', 'parent')).toEqual({
        children: 3n,
        unplaced: 2n,
      })
    })
  })
}
