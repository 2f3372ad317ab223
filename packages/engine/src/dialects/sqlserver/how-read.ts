/** How a flow's tables are read without holding up who writes them, as far as their databases allow it. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { Catalogs } from '../relational/names.ts'
import { fromSource } from '../relational/selection.sql.ts'
import type { Sql } from '../sql-text.ts'
import { readByLocks } from './file-tables.ts'
import { pathOf, type Place } from './names.ts'
import { isolationText, type ReadIsolation, readIsolation, weakest } from './read-isolation.ts'
import { lookAtTable } from './stored-table.ts'

export interface HowRead {
  /** all statements of a transaction see one moment; false: each sees its own, or its rows as they are then */
  readonly isSnapshot: boolean
  /** main and its joins, as the rows are read */
  readonly from: Sql
  /** what else is said of them is made with these */
  readonly catalogs: Catalogs
}

interface Place_ {
  readonly database: string
  /** a linked server answers as it is set up to */
  readonly isHere: boolean
}

function placeOf(table: TableName, at: Place): Place_ {
  const path = pathOf(table, at)
  return { database: path.at(-3) ?? at.database, isHere: path.length === 3 }
}

const ELSEWHERE: ReadIsolation = { by: 'locks', locksFiles: false }

const tablesOf = (r: FlowRelation): readonly TableName[] => [r.source.table, ...r.source.joins.map((j) => j.table)]

export async function howRead(
  session: SqlServerSession,
  c: Catalogs,
  r: FlowRelation,
  at: Place,
  where: string,
): Promise<HowRead> {
  const all: ReadIsolation[] = []
  let isInMemory = false
  let readsFiles = false
  for (const table of tablesOf(r)) {
    const { database, isHere } = placeOf(table, at)
    const isolation = isHere ? await readIsolation(session, database, where) : ELSEWHERE
    all.push(isolation)
    const stored = isHere ? await lookAtTable(session, table, at, where) : null
    // it has a snapshot of its own for each statement, and no other
    if (stored?.inMemory === true) isInMemory = true
    if (isolation.locksFiles && stored?.filestream.some((name) => isRead(r, table, name)) === true) readsFiles = true
  }
  const isSnapshot = weakest(all).by === 'snapshot' && !isInMemory && !readsFiles
  const catalogs = readsFiles ? readByLocks(c) : c
  return { isSnapshot, from: fromSource(catalogs, r), catalogs }
}

function isRead(r: FlowRelation, table: TableName, name: string): boolean {
  const alias = r.source.joins.find((j) => j.table === table)?.as ?? null
  const isOf = ({ origin }: PlannedColumn): boolean =>
    alias === null ? origin.kind === 'main' : origin.kind === 'joined' && origin.alias === alias
  return r.columns.some((x) => isOf(x) && x.source === name)
}

export interface Reads {
  /** what there is to say of it before a run; null: everything is read as of one moment */
  readonly inWords: string | null
  /** all rows of one statement are as of one moment, at least */
  readonly statementsOfOneMoment: boolean
}

export async function lookHowRead(
  session: SqlServerSession,
  tables: readonly TableName[],
  at: Place,
  where: string,
): Promise<Reads> {
  const places = tables.map((table) => placeOf(table, at))
  const here = places.filter(({ isHere }) => isHere)
  const databases = [...new Set(here.length > 0 ? here.map(({ database }) => database) : [at.database])]
  const said: string[] = []
  const all: ReadIsolation[] = places.length > here.length ? [ELSEWHERE] : []
  for (const database of databases) {
    const isolation = await readIsolation(session, database, where)
    all.push(isolation)
    const text = isolationText(database, isolation)
    if (text !== null) said.push(text)
  }
  return {
    inWords: said.length === 0 ? null : said.join('; '),
    statementsOfOneMoment: weakest(all).by !== 'locks',
  }
}
