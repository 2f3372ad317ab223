/** Property: fingerprints, values and a plain Map agree on what changed, whatever the values are. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSnapshotWorld, snapshotFlow } from '../support/snapshot-world.ts'

const NONE = { kind: 'none', maxDelete: null } as const

/** Few values, and each beside one that it might be taken for. */
const cells = {
  t: fc.constantFrom(null, '', ' ', 'a', 'a ', 'A', 'ab', 'NULL', '0', '1', '1.0', 'é', 'é', '\u0000'),
  u: fc.constantFrom(null, '', 'a', 'bc', 'b', 'c', 'N'),
  i: fc.constantFrom(null, '0', '1', '-1', '9007199254740993', '9007199254740992'),
  d: fc.constantFrom(null, '0.0', '-0.0', '0.1', '1e-300', 'nan', 'inf', '-inf'),
  n: fc.constantFrom(null, '0', '0.01', '-0.01', '99999999999999999999.99'),
  v: fc.constantFrom(null, '30 days', '1 month', '720 hours', '0 days'),
  b: fc.constantFrom(null, '', '\\x00', '\\x7E', 'a'),
} as const
const TYPES = { t: 'VARCHAR', u: 'VARCHAR', i: 'BIGINT', d: 'DOUBLE', n: 'DECIMAL(38,2)', v: 'INTERVAL', b: 'BLOB' }

type Row = Readonly<Record<keyof typeof cells, string | null>>
const state = fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5', '6'), fc.record(cells))

const literal = (text: string | null, type: string): string =>
  text === null ? 'NULL' : `CAST('${text.replaceAll("'", "''").replaceAll('\u0000', "' || chr(0) || '")}' AS ${type})`
const insert = (id: string, row: Row): string =>
  `INSERT INTO src VALUES (${id}, ${Object.entries(TYPES)
    .map(([name, type]) => literal(row[name as keyof Row], type))
    .join(', ')})`

function expected(before: Readonly<Record<string, Row>>, now: Readonly<Record<string, Row>>): readonly number[] {
  const same = (id: string): boolean => JSON.stringify(before[id]) === JSON.stringify(now[id])
  const added = Object.keys(now).filter((id) => before[id] === undefined)
  const both = Object.keys(now).filter((id) => before[id] !== undefined)
  const deleted = Object.keys(before).filter((id) => now[id] === undefined)
  return [added.length, both.filter((id) => !same(id)).length, deleted.length, both.filter(same).length]
}

test('exact and fast agree on random data, and with a plain comparison of the values', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(state, { minLength: 2, maxLength: 4 }), async (states) => {
      await using s = await openSnapshotWorld()
      const fast = snapshotFlow({}, { apply: NONE, scope: { way: { table: null, column: 'way' } } })
      const exact = snapshotFlow({ exact: true }, { apply: NONE, scope: { way: { table: null, column: 'way' } } })
      const columns = Object.entries(TYPES).map(([name, type]) => `${name} ${type}`)
      await s.w.source(`CREATE TABLE src (id INTEGER, ${columns.join(', ')}, way VARCHAR)`)
      let before: Readonly<Record<string, Row>> = {}
      for (const now of states) {
        await s.w.source('DELETE FROM src')
        for (const way of ['fast', 'exact'])
          for (const [id, row] of Object.entries(now)) await s.w.source(insert(id, row).replace(/\)$/, `, '${way}')`))
        const found = expected(before, now)
        expect(await s.take(fast, { scope: { way: 'fast' } })).toEqual(found)
        expect(await s.take(exact, { scope: { way: 'exact' } })).toEqual(found)
        before = now
      }
    }),
    { numRuns: Number(process.env['PBT_RUNS'] ?? 12) },
  )
})
