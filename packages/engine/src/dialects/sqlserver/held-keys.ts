/** The keys that a table of SQL Server holds, on their way to the engine that compares: one SELECT, as lines of CSV. */
import { createWriteStream } from 'node:fs'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { arrivedRelation } from '../arrived-relation.ts'
import type { FlowRelation } from '../contract.ts'
import { deletableColumn } from '../duckdb/embedded-beside.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { Catalogs } from '../relational/names.ts'
import { EMPTY, type Sql, sql } from '../sql-text.ts'
import { placeOf } from './catalogs.ts'
import { CsvOut } from './csv-out.ts'
import { heldKeys } from './delete.sql.ts'
import { leavingColumns } from './departing.sql.ts'
import { translate } from './errors.ts'
import { type Reading, readStatement, sendRows } from './leaving-rows.ts'
import { databaseOf } from './names.ts'
import { readIsolation } from './read-isolation.ts'
import { openSession, type SqlServerConnection } from './session.ts'
import { lookAtTable } from './stored-table.ts'
import { printed } from './style.ts'

interface How {
  readonly isSnapshot: boolean
  readonly hint: Sql
}

const AS_IT_IS: How = { isSnapshot: false, hint: EMPTY }
/** By locks alone a statement may pass over a row that is moved meanwhile, which then would never be deleted. */
const ALONE: How = { isSnapshot: false, hint: sql` WITH (TABLOCK)` }

async function howRead(session: SqlServerSession, from: SqlServerConnection, r: FlowRelation): Promise<How> {
  const at = placeOf(from)
  const { table } = r.target
  const stored = await lookAtTable(session, table, at, from.location)
  // each statement has a snapshot of its own there, and no hint is taken
  if (stored === null || stored.inMemory) return AS_IT_IS
  const { by } = await readIsolation(session, databaseOf(table, at.database), from.location)
  return by === 'locks' ? ALONE : { ...AS_IT_IS, isSnapshot: by === 'snapshot' }
}

function readingOf(c: Catalogs, r: FlowRelation, exactly: boolean, { isSnapshot, hint }: How): Reading {
  const flag = deletableColumn(r)
  const own: PlannedColumn = {
    source: flag,
    target: flag,
    sourceType: 'bit',
    targetType: 'bit',
    origin: { kind: 'main' },
    cast: null,
    mask: null,
  }
  const relation = arrivedRelation({ ...r, columns: [...r.key, own], position: null }, (x) => x.targetType, null, false)
  return {
    catalogs: c,
    relation,
    columns: leavingColumns(c, relation),
    from: heldKeys(c, r, flag, exactly, hint),
    where: sql`1 = 1`,
    tail: EMPTY,
    isSnapshot,
  }
}

/** For people. */
export const heldKeysText = (c: Catalogs, r: FlowRelation, exactly: boolean): string =>
  printed(readStatement(readingOf(c, r, exactly, AS_IT_IS)))

/** `path`: of a file that nobody has. How many. */
export async function writeHeldKeys(
  from: SqlServerConnection,
  c: Catalogs,
  r: FlowRelation,
  exactly: boolean,
  path: string,
): Promise<bigint> {
  try {
    await using session = await openSession(from, 'source')
    const how = await howRead(session, from, r)
    // within a transaction a table in memory is not read under READ COMMITTED
    if (how.isSnapshot) await session.begin('SNAPSHOT')
    const out = new CsvOut(createWriteStream(path), false)
    const rows = await sendRows(session, readingOf(c, r, exactly, how), out)
    await out.end()
    return rows
  } catch (error) {
    throw translate(error, from.location)
  }
}
