/** What SQL Server does for snapshots that it keeps: rows go by one SELECT, and come as rows of any other engine do. */
import { createWriteStream } from 'node:fs'
import { columnsAlone } from '../arrived-relation.ts'
import { type DuckdbDeparture, sendFile } from '../duckdb/departure.ts'
import { expectRows, type HotTarget } from '../duckdb/hot-beside.ts'
import { asHeader, HOT_ROW_COLUMNS, type HotChange, type HotHeader, type HotOwner, type HotPut } from '../hot-tables.ts'
import { hotStatements, listHeaders, rowsOf } from '../relational/hot.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import { EMPTY, sql } from '../sql-text.ts'
import { receiveFile } from './arriving.ts'
import { arrivedColumns, insertArrived } from './arriving.sql.ts'
import { atOnce } from './at-once.ts'
import { CsvOut } from './csv-out.ts'
import { leavingColumns } from './departing.sql.ts'
import type { SqlServerSide } from './embedded.ts'
import { translate } from './errors.ts'
import { createHot, listTables } from './fence.sql.ts'
import { sendRows } from './leaving-rows.ts'
import { OWN_SCHEMA } from './names.ts'
import { senderOf } from './run-sql.ts'
import { openSession } from './session.ts'
import { printed } from './style.ts'
import { expectOwner } from './target.ts'

const TYPES: Readonly<Record<(typeof HOT_ROW_COLUMNS)[number]['name'], string>> = {
  key: 'nvarchar(max)',
  row_hash: 'nvarchar(64)',
  first_hash: 'decimal(20,0)',
  second_hash: 'decimal(20,0)',
  place: 'bigint',
}
const TABLE = [OWN_SCHEMA, 'hot_row'] as const
const ROW = HOT_ROW_COLUMNS.map(({ name }) => ({ name, type: TYPES[name] }))
const ALONE = columnsAlone(TABLE, ROW)
/** a row with a long key is read by itself */
const LEAVING = { ...ALONE, key: ALONE.columns.filter(({ source }) => source === 'place') }
/** with the columns of ARRIVING_COLUMNS */
const ARRIVING = columnsAlone(TABLE, [
  ...['store', 'flow', 'snapshot'].map((name) => ({ name, type: 'nvarchar(128)' })),
  ...ROW,
])
/** Times of ours are in UTC, in a type without a zone. */
const TAKEN_AT = sql`CONVERT(nvarchar(30), taken_at, 126) + N'Z' AS taken_at`

export function hotInSqlServer({ into, session, catalogs, target }: SqlServerSide, spool: DuckdbDeparture): HotTarget {
  const c = catalogs.target
  const to = senderOf(session, target.location)
  const where = target.location

  /** How many there were. */
  async function send(path: string): Promise<bigint> {
    const { columns } = await receiveFile(session, { sendTo: (rows) => sendFile(path, rows) }, ARRIVING, {
      where,
      translate: (error) => spool.translate(error),
    })
    return await to.exec(insertArrived(catalogs, ARRIVING, columns))
  }

  return {
    location: where,
    isThere: async () => {
      const there = (await to.query(listTables(OWN_SCHEMA))).map(([name]) => name)
      return there.includes('snapshot') && there.includes('hot_row')
    },
    list: async (of) => (await to.query(listHeaders(c, of, TAKEN_AT))).map(asHeader),
    writeRows: async (of, id, path) => {
      try {
        await using reading = await openSession(into, 'source')
        const out = new CsvOut(createWriteStream(path), false)
        const rows = await sendRows(
          reading,
          {
            catalogs,
            relation: LEAVING,
            columns: leavingColumns(catalogs, LEAVING),
            from: sql`(${rowsOf(c, of, id)}) AS m`,
            where: sql`1 = 1`,
            tail: EMPTY,
            isSnapshot: false,
          },
          out,
        )
        await out.end()
        return rows
      } catch (error) {
        throw translate(error, into.location)
      }
    },
    write: async (fence, { kept, gone, put }, path, makes) => {
      await atOnce(session, where, async () => {
        await expectOwner(to, c, fence)
        if (makes) for (const statement of createHot()) await to.exec(statement)
        for (const statement of hotStatements(c, fence, { kept, gone, header: headerHere(put) }))
          await to.exec(statement)
        if (put !== null && path !== null) expectRows(await send(path), put, where)
      })
    },
    explain: (of, change, read, makes) => explainHot(catalogs, of, change, read, makes),
  }
}

export const explainHot = (
  c: Catalogs,
  of: HotOwner,
  { kept, gone, put }: HotChange,
  read: string | null,
  makes: boolean,
): readonly string[] => [
  ...[...(makes ? createHot() : []), ...hotStatements(c.target, of, { kept, gone, header: headerHere(put) })].map(
    (statement) => printed(statement),
  ),
  ...(read === null ? [] : [read, printed(insertArrived(c, ARRIVING, arrivedColumns(ARRIVING)))]),
]

function headerHere(put: HotPut | null): HotHeader | null {
  if (put === null) return null
  return { ...put.header, taken_at: put.header.taken_at?.replace(/Z$/, '') ?? null }
}
