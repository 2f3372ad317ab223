/** What PostgreSQL does for snapshots that it keeps: rows come and go by one COPY. */
import { createWriteStream } from 'node:fs'
import { LeavingFailed } from '../departure.ts'
import { type DuckdbDeparture, sendFile } from '../duckdb/departure.ts'
import { expectRows, type HotTarget } from '../duckdb/hot-beside.ts'
import { asHeader, type HotChange, type HotOwner } from '../hot-tables.ts'
import { ARRIVING_COLUMNS, hotStatements, listHeaders, rowsOf } from '../relational/hot.sql.ts'
import type { TargetNames } from '../relational/names.ts'
import { printable, textOf } from '../sql-text.ts'
import { atOnce } from './at-once.ts'
import { copyInText, copyOutText, inlined } from './copy-text.ts'
import type { PostgresSide } from './embedded.ts'
import { translate } from './errors.ts'
import { createHot, listTables } from './fence.sql.ts'
import { OWN_SCHEMA } from './names.ts'
import { senderOf } from './run-sql.ts'
import { openSession } from './session.ts'
import { expectOwner } from './target.ts'

export function hotInPostgres({ into, session, catalogs, target }: PostgresSide, spool: DuckdbDeparture): HotTarget {
  const c = catalogs.target
  const to = senderOf(session, target.location)

  /** How many there were. */
  async function send(path: string): Promise<bigint> {
    const rows = session.copyIn(copyRows(c))
    await sendFile(path, rows).catch((error: unknown) => {
      throw error instanceof LeavingFailed ? spool.translate(error.cause) : translate(error, target.location)
    })
    return BigInt(rows.rowCount)
  }

  return {
    location: target.location,
    isThere: async () => {
      const there = (await to.query(listTables(OWN_SCHEMA))).map(([name]) => name)
      return there.includes('snapshot') && there.includes('hot_row')
    },
    list: async (of) => (await to.query(listHeaders(c, of))).map(asHeader),
    writeRows: async (of, id, path) => {
      await using reading = await openSession(into, 'source')
      return await reading
        .copyOut(copyOutText(inlined(rowsOf(c, of, id)), 'csv'), createWriteStream(path))
        .catch((error: unknown) => {
          throw translate(error, into.location)
        })
    },
    write: async (fence, { kept, gone, put }, path, makes) => {
      await atOnce(session, target.location, async () => {
        await expectOwner(to, c, fence)
        if (makes) for (const statement of createHot) await to.exec(statement)
        const header = put?.header ?? null
        for (const statement of hotStatements(c, fence, { kept, gone, header })) await to.exec(statement)
        if (put !== null && path !== null) expectRows(await send(path), put, target.location)
      })
    },
    explain: (of, change, read, makes) => explainHot(c, of, change, read, makes),
  }
}

export const explainHot = (
  c: TargetNames,
  of: HotOwner,
  { kept, gone, put }: HotChange,
  read: string | null,
  makes: boolean,
): readonly string[] => [
  ...[...(makes ? createHot : []), ...hotStatements(c, of, { kept, gone, header: put?.header ?? null })].map(
    (statement) => printable(statement),
  ),
  ...(read === null ? [] : [read, copyRows(c)]),
]

const copyRows = (c: TargetNames): string => copyInText(textOf(c.own('hot_row')), ARRIVING_COLUMNS, 'csv')
