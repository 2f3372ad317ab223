/** A table of every sampled type of a SQL Server, and what it takes to say that two of them hold the same. */
import { catalogText } from '../../src/dialects/sql-text.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { valueText } from '../../src/dialects/sqlserver/types.ts'
import type { SqlServerDatabase } from './sqlserver-database.ts'
import { SAMPLES, type Sample, SQL_SERVER_ALONE } from './sqlserver-samples.ts'

/** A server that speaks the protocol and is another lacks types, and answers NULL where it cannot try a conversion. */
export interface Abilities {
  readonly samples: readonly Sample[]
  /** types that it makes of no text that may be none */
  readonly untried: ReadonlySet<string>
}

const TRIED: readonly (readonly [type: string, text: string])[] = [
  ['datetimeoffset(6)', '2026-01-01 10:00:00 +00:00'],
  ['xml', '<a/>'],
]

export async function abilitiesOf(db: SqlServerDatabase): Promise<Abilities> {
  const [whole] = await db.rows("SELECT TYPE_ID(N'hierarchyid')")
  const untried = new Set<string>()
  for (const [type, text] of TRIED) {
    const [row] = await db.rows(`SELECT CASE WHEN TRY_CONVERT(${type}, N'${text}') IS NULL THEN 0 ELSE 1 END`)
    if (row?.[0] !== '1') untried.add(type)
  }
  return { samples: [...SAMPLES, ...(whole?.[0] == null ? [] : SQL_SERVER_ALONE)], untried }
}

export const columnOf = (i: number): string => `c${i}`

/** A column for each sample, and in its rows the values of each, one after the other; the first row has none. */
export function tableOf(samples: readonly Sample[]) {
  const columns = samples.map(({ type }, i) => `${columnOf(i)} ${type} NULL`)
  const count = Math.max(...samples.map(({ values }) => values.length))
  /** the samples that have an n-th value */
  const row = (n: number): string => {
    const cells = samples.flatMap(({ type, values: { [n - 1]: value } }, i) =>
      value === undefined ? [] : [[columnOf(i), `CONVERT(${type}, ${value[0]})`] as const],
    )
    const names = ['id', ...cells.map(([name]) => name)]
    return `INSERT INTO t (${names.join(', ')}) SELECT ${[n, ...cells.map(([, value]) => value)].join(', ')}`
  }
  return {
    table: `CREATE TABLE t (id int NOT NULL PRIMARY KEY, ${columns.join(', ')})`,
    rows: Array.from({ length: count + 1 }, (_, n) => row(n)),
  }
}

const BYTES = /^(binary|varbinary|image)/

/** Every value as the text that says all of it, bytes as they are. `places`: of the samples that have columns there. */
export async function bitsOf(
  db: SqlServerDatabase,
  samples: readonly Sample[],
  places: readonly number[],
): Promise<readonly string[]> {
  const values = places.map((i) => {
    const type = samples[i]?.type ?? ''
    const x = catalogText(columnOf(i))
    if (type === 'image') return `CONVERT(varbinary(max), ${columnOf(i)})`
    return BYTES.test(type) ? columnOf(i) : tsql(valueText(type, x))
  })
  const rows = await cellsOf(db, `SELECT id, ${values.join(', ')} FROM t ORDER BY id`)
  return rows.flatMap(([id, ...others]) => others.map((value, n) => `${id} ${samples[places[n] ?? 0]?.type}: ${value}`))
}

/** Bytes are told in digits by us, for not every server of the protocol writes them. */
export async function cellsOf(db: SqlServerDatabase, query: string): Promise<readonly (readonly string[])[]> {
  const rows: string[][] = []
  await db.session.each(query, [], (cells) => {
    rows.push(cells.map(({ value }) => (Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : JSON.stringify(value))))
  })
  return rows
}
