/** Rows arriving from another engine: loaded as texts and bytes, then read as what they say. */
import type { LoadColumn, LoadRow, SqlServerSession } from '../../drivers/sqlserver.ts'
import { arrivedRelation } from '../arrived-relation.ts'
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { type Departure, type Leaving, LeavingFailed } from '../departure.ts'
import { readsSpool } from '../lanes.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import {
  ARRIVED,
  arrivedColumns,
  type ArrivedColumn,
  arrivedName,
  hasLong,
  KEEP_PARTS,
  makeRoom,
  NUMBER_NAME,
  PARTS_NAME,
  remakeArrived,
} from './arriving.sql.ts'
import { type CsvItem, CsvRows, isPart, isRow } from './csv-rows.ts'
import { translate } from './errors.ts'
import { IncomingCsv } from './incoming-csv.ts'
import { tsql } from './style.ts'
import type { SqlServerTarget } from './target.ts'

/** The relation as its rows arrive: of the target's types for what the source holds, casts still to be done; those of a spool are done. */
export function arrivedBy(flow: FlowRelation, target: SqlServerTarget): FlowRelation {
  if (readsSpool(flow)) return arrivedRelation(flow, (x) => x.targetType, null, false)
  const typeOf = (x: PlannedColumn): string => {
    if (isConstant(x)) return x.sourceType
    return x.mask === null ? (target.typeFor(x.sourceType) ?? x.targetType) : x.targetType
  }
  const position = flow.position && (target.typeFor(flow.position.type) ?? flow.position.type)
  return arrivedRelation(flow, typeOf, position, true)
}

export interface Received {
  readonly rows: bigint
  /** as they have arrived */
  readonly columns: readonly ArrivedColumn[]
}

/** The rows of a batch, in a temporary table of the session's. `r`: as they arrive; `long`: as `arrivedColumns` has it, added to. */
export async function receive(
  session: SqlServerSession,
  from: Departure,
  r: FlowRelation,
  batch: { readonly flow: FlowRelation; readonly selection: Selection; readonly split: CapturedBatch },
  where: string,
  long: Set<string>,
): Promise<Received> {
  const columns = arrivedColumns(r, long)
  await remake(session, columns, where)
  const leaving = await from.read(batch.flow, batch.selection, batch.split, 'csv')
  return await takeIn(session, leaving, columns, { where, long, translate: (error) => from.translate(error) })
}

async function remake(session: SqlServerSession, columns: readonly ArrivedColumn[], where: string): Promise<void> {
  try {
    await session.script(tsql(remakeArrived(columns)))
  } catch (error) {
    throw translate(error, where, 'TM5001', session.discreet)
  }
}

/** The rows of a file, in a temporary table of the session's. */
export async function receiveFile(
  session: SqlServerSession,
  leaving: Leaving,
  r: FlowRelation,
  about: { readonly where: string; readonly translate: (error: unknown) => Error },
): Promise<Received> {
  const long = new Set<string>()
  const columns = arrivedColumns(r, long)
  await remake(session, columns, about.where)
  return await takeIn(session, leaving, columns, { ...about, long })
}

interface About {
  readonly where: string
  readonly long: Set<string>
  /** what LeavingFailed was caused by, in the words of whoever sent the rows */
  readonly translate: (error: unknown) => Error
}

async function takeIn(
  session: SqlServerSession,
  leaving: Leaving,
  columns: readonly ArrivedColumn[],
  { where, long, translate: inTheirWords }: About,
): Promise<Received> {
  const incoming = new IncomingCsv(new CsvRows(columns))
  // whoever fails first is the one to tell: the other one only says that it has nobody at its other end
  let refused: { readonly error: unknown } | null = null
  const loading = loadAll(session, incoming, columns, long).catch((error: unknown) => {
    if (!incoming.destroyed) refused = { error }
    incoming.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  const [left, came] = await Promise.allSettled([leaving.sendTo(incoming), loading])
  const first = refused as { readonly error: unknown } | null
  if (first !== null) throw translate(first.error, where, 'TM5001', session.discreet)
  if (left.status === 'rejected')
    throw left.reason instanceof LeavingFailed
      ? inTheirWords(left.reason.cause)
      : translate(left.reason, where, 'TM5001', session.discreet)
  if (came.status === 'rejected') throw translate(came.reason, where, 'TM5001', session.discreet)
  return came.value
}

const loadColumns = (columns: readonly ArrivedColumn[]): readonly LoadColumn[] => [
  ...columns.map(({ kind, room }, i) => ({ name: arrivedName(i), kind, length: room })),
  ...(hasLong(columns) ? [{ name: PARTS_NAME, kind: 'text' as const, length: 20 }] : []),
  { name: NUMBER_NAME, kind: 'number' },
]

/** Rows that are here already, in the temporary table, whatever had been in it. */
export async function loadArrived(
  session: SqlServerSession,
  columns: readonly ArrivedColumn[],
  rows: readonly LoadRow[],
  where: string,
): Promise<void> {
  await remake(session, columns, where)
  try {
    await session.load(tsql(ARRIVED), loadColumns(columns), rows)
  } catch (error) {
    throw translate(error, where, 'TM5001', session.discreet)
  }
}

/** Rows in bulk; between them each value that comes in parts, and room for one that is longer than any before. */
async function loadAll(
  session: SqlServerSession,
  incoming: IncomingCsv,
  columns: readonly ArrivedColumn[],
  long: Set<string>,
): Promise<Received> {
  const inParts = new Set<number>()
  let now = columns
  let rows = 0n
  for (let item: CsvItem | null = await incoming.next(); item !== null; item = await incoming.next()) {
    if (isRow(item)) rows += await session.load(tsql(ARRIVED), loadColumns(now), incoming.rowsFrom(item))
    else if (isPart(item)) {
      inParts.add(item.column)
      await session.run(KEEP_PARTS, [item.row, String(item.column), incoming.bytesFrom(item)])
    } else {
      now = now.map((x, i) => (i === item.longer ? { ...x, room: null } : x))
      await session.script(tsql(makeRoom(now)))
      for (const { name } of now.filter(({ room }) => room === null)) long.add(name)
    }
  }
  return { rows, columns: columns.map((column, i) => ({ ...column, inParts: inParts.has(i) })) }
}
