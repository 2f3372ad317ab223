/** What a flow casts to, and a constant is of, is a type of the target, whatever the source's kind of database calls so. */
import { describe, expect, test } from 'vitest'
import type { TableFacts } from '../../src/dialects/contract.ts'
import { logicalTypeOf as duckdbMeaning } from '../../src/dialects/duckdb/types.ts'
import { logicalTypeOf as postgresMeaning } from '../../src/dialects/postgres/types.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { SqlServerTarget } from '../../src/dialects/sqlserver/target.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import type { ForeignTypes } from '../../src/dialects/foreign-types.ts'
import type { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { resolveColumns } from '../../src/plan/columns.ts'
import { fidelityReport } from '../../src/plan/fidelity.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { flowSpec } from '../support/world.ts'

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const into = connectionOf(server, 'target')
const catalogs = catalogsOf(into, into, workPlace(null), () => new Secret('key'), 13)
/** Of types it asks no server. */
const targetOf = (meaning: ForeignTypes): SqlServerTarget =>
  new SqlServerTarget(into, {} as SqlServerSession, catalogs, meaning)

const table = (types: Readonly<Record<string, string>>): TableFacts => ({
  columns: Object.entries(types).map(([name, type]) => ({ name, type, nullable: name !== 'id', generated: false })),
  uniqueKeys: [['id']],
  table: ['t'],
  estimatedRows: null,
})

/** `v` is cast; its type in source and target. */
function planned(meaning: ForeignTypes, [from, cast, held]: readonly [string, string, string | null]) {
  const target = targetOf(meaning)
  const { columns } = resolveColumns({
    definition: flowSpec({ columns: { include: null, exclude: [], add: {}, rename: {}, cast: { v: cast }, mask: {} } }),
    shapes: {
      source: table({ id: 'bigint', v: from }),
      joins: new Map(),
      lists: new Map(),
      target: held === null ? null : table({ id: 'bigint', v: held }),
      castTypes: new Map(),
      lackedTypes: new Map(),
    },
    source: { foldsCase: true },
    target,
  })
  return fidelityReport(columns, target).find(({ column }) => column.target === 'v')
}

describe('types that two kinds of database call alike', () => {
  test.each([
    // DuckDB's tinyint has a sign, and its float four bytes
    ['tinyint into one of the same name', duckdbMeaning, ['SMALLINT', 'tinyint', 'tinyint'], 'narrowed'],
    ['a type of the same name, made', duckdbMeaning, ['tinyint', 'tinyint', null], 'narrowed'],
    ['text, made', postgresMeaning, ['text', 'text', null], 'narrowed'],
    ['a type that is the same in both', postgresMeaning, ['smallint', 'smallint', null], 'lossless'],
  ] as const)('a cast to %s', (_, meaning, types, kind) => {
    expect(planned(meaning, types)).toMatchObject({
      column: { cast: kind === 'narrowed' ? types[1] : null, targetType: types[2] ?? types[1] },
      fidelity: { kind },
    })
  })

  test('a cast to a float is refused where the target has four bytes, although a FLOAT of DuckDB has no more', () => {
    expect(() => planned(duckdbMeaning, ['DOUBLE', 'float', 'real'])).toThrow(/a real does not hold every float/)
  })

  test('a constant is of the type of the column that it lands in', () => {
    const target = targetOf(duckdbMeaning)
    const { columns } = resolveColumns({
      definition: flowSpec({
        columns: {
          include: ['id'],
          exclude: [],
          add: { v: { kind: 'value', value: '200' } },
          rename: {},
          cast: {},
          mask: {},
        },
      }),
      shapes: {
        source: table({ id: 'bigint' }),
        joins: new Map(),
        lists: new Map(),
        target: table({ id: 'bigint', v: 'tinyint' }),
        castTypes: new Map(),
        lackedTypes: new Map(),
      },
      source: { foldsCase: true },
      target,
    })
    expect(fidelityReport(columns, target).map(({ fidelity }) => fidelity.kind)).toEqual(['lossless', 'lossless'])
  })
})
