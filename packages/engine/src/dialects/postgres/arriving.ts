/** Rows arriving from another server or engine: by COPY into the table itself, or into a staging relation of the batch. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { arrivedRelation, carriedPosition } from '../arrived-relation.ts'
import { type CapturedBatch, type FlowRelation, landingTable, type Selection } from '../contract.ts'
import { type Departure, LeavingFailed, type Wire } from '../departure.ts'
import { readsSpool } from '../lanes.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import * as apply from '../relational/apply.sql.ts'
import { type Catalogs, targetTable, typed } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import type { BatchPart } from '../row-policy.ts'
import { ident, joined, type Sql, sql, textOf, whole } from '../sql-text.ts'
import { copyInText } from './copy-text.ts'
import { translate } from './errors.ts'
import type { PostgresTarget } from './target.ts'
import { findType } from './type-text.ts'

const ARRIVED = sql`tidemark_arrived`
/** as the temporary relation is called while its rows arrive */
const ROW = 'tidemark arrived row'

export interface Incoming {
  readonly flow: FlowRelation
  readonly selection: Selection
  readonly split: CapturedBatch
  readonly wire: Wire
}

export interface Received {
  readonly rows: bigint
  readonly bytes: bigint
}

/** The relation as it arrives by that wire: `pgcopy` and a spool bring what the target's own types hold, cast already. */
export function arrivedBy(wire: Wire, flow: FlowRelation, target: PostgresTarget): FlowRelation {
  const foreign = (x: PlannedColumn): string => {
    if (isConstant(x)) return x.sourceType
    return x.mask === null ? (target.typeFor(x.sourceType) ?? x.targetType) : x.targetType
  }
  const position = flow.position && (target.typeFor(flow.position.type) ?? flow.position.type)
  return wire === 'pgcopy' || readsSpool(flow)
    ? arrivedRelation(flow, (x) => x.targetType, null, false)
    : arrivedRelation(flow, foreign, position, true)
}

/** Their bytes are the number of something in their database, which its text names. */
const NUMBERED: ReadonlySet<string> = new Set([
  ...['class', 'proc', 'procedure', 'oper', 'operator', 'type'].map((of) => `reg${of}`),
  ...['role', 'namespace', 'config', 'dictionary', 'collation'].map((of) => `reg${of}`),
])
/** Types without bytes of their own, and one whose bytes are another document than is stored. */
const TEXT_ALONE: ReadonlySet<string> = new Set(['aclitem', 'xml'])

/**
 * Why the bytes of a binary COPY cannot be passed on as they are; null: they can. The format trusts lengths, so both
 * sides must mean the same by a type, and types that a person made have other numbers in another database.
 */
export function notBinary(r: FlowRelation): string | null {
  for (const { target, targetType } of r.columns) {
    const type = findType(targetType)
    if (type === null || type.user !== null)
      return `${target} is ${targetType}, which has another number in each database`
    if (NUMBERED.has(type.name)) return `${target} is ${targetType}, whose values have other numbers in each database`
    if (TEXT_ALONE.has(type.name)) return `${target} is ${targetType}, which travels as text`
  }
  return null
}

/** Straight into the table, which takes every row or the batch fails. */
export function receiveInto(session: PostgresSession, c: Catalogs, from: Departure, incoming: Incoming) {
  const { flow, wire } = incoming
  const columns = flow.columns.map((x) => x.target)
  const carried = carriedPosition(flow)
  if (carried !== null) throw new TypeError('a position that is kept beside needs a staging')
  return receive(session, from, incoming, copyInText(textOf(targetTable(c, landingTable(flow))), columns, wire))
}

/** Into the batch's staging relation; rows are numbered as they arrive. */
export async function receiveStaged(
  to: Sender,
  session: PostgresSession,
  c: Catalogs,
  from: Departure,
  target: PostgresTarget,
  incoming: Incoming,
  /** `judged`: rows are told apart one by one, and the staging has to be a relation of its own */
  how: { readonly part: BatchPart | null; readonly judged: boolean },
): Promise<Received & { readonly relation: FlowRelation; readonly staged: apply.Staging }> {
  const { flow, wire } = incoming
  const { part } = how
  const r = arrivedBy(wire, flow, target)
  const carried = carriedPosition(flow)
  const columns = [
    ...r.columns.map((x) => ({ name: x.source, type: x.sourceType })),
    ...(carried !== null && r.position ? [{ name: carried, type: r.position.type }] : []),
  ]
  const definition = joined(
    [
      ...columns.map(({ name, type }) => sql`${ident(name)} ${typed(type)}`),
      sql`${ident(ROW)} bigint GENERATED ALWAYS AS IDENTITY`,
    ],
    ', ',
  )
  await execAll(to, c.kit.remakeEmptyTemp(ARRIVED, definition))
  const text = copyInText(
    textOf(ARRIVED),
    columns.map(({ name }) => name),
    wire,
  )
  const { rows, bytes } = await receive(session, from, incoming, text)
  const among: Sql =
    part === null ? sql`TRUE` : sql`${ident('m', ROW)} BETWEEN ${whole(part.first)} AND ${whole(part.last)}`
  const staged = joined([...apply.stagedColumns(c, r), sql`${ident('m', ROW)} AS ${apply.stageRow(r)}`], ', ')
  if (isAsItArrives(r) && part === null && !how.judged) return { rows, bytes, relation: r, staged: inPlace(r, staged) }
  await execAll(to, c.kit.remakeTemp(apply.STAGE, sql`SELECT ${staged} FROM ${ARRIVED} AS m WHERE ${among}`))
  const taken = part === null ? rows : await to.count(sql`SELECT count(*) FROM ${apply.STAGE}`)
  return { rows: taken, bytes, relation: r, staged: apply.staged(r) }
}

const isAsItArrives = (r: FlowRelation): boolean =>
  r.columns.every((x) => x.cast === null && x.sourceType === x.targetType)

/** What arrived is what is staged, under the names of a staging. */
const inPlace = (r: FlowRelation, columns: Sql): apply.Staging => ({
  from: sql`(SELECT ${columns} FROM ${ARRIVED} AS m) AS s`,
  row: apply.staged(r).row,
})

async function receive(
  session: PostgresSession,
  from: Departure,
  { flow, selection, split, wire }: Incoming,
  text: string,
): Promise<Received> {
  const leaving = await from.read(flow, selection, split, wire)
  const into = session.copyIn(text)
  try {
    await leaving.sendTo(into)
  } catch (error) {
    throw error instanceof LeavingFailed
      ? from.translate(error.cause)
      : translate(error, session.options.database, 'TM5001', session.discreet)
  }
  return { rows: BigInt(into.rowCount), bytes: split.bytes }
}
