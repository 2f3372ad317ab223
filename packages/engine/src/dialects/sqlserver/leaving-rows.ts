/** The rows of a statement as lines of CSV; those with a large value come last, one by one and in parts. */
import type { Cells, SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import { clearValue } from '../relational/columns.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import { joined, param, type Sql, sql, valuesOf } from '../sql-text.ts'
import type { CsvOut } from './csv-out.ts'
import {
  copyLarge,
  isLarge,
  largeColumns,
  largeInPlace,
  type LargeRow,
  type Leaving,
  readColumns,
} from './departing.sql.ts'
import { tsql } from './style.ts'

/** of a text: two bytes each */
const PART_CHARACTERS = 1024 * 1024
const PART_BYTES = 2 * 1024 * 1024

/** What of the source a batch reads. */
export interface Reading {
  readonly catalogs: Catalogs
  /** uncast */
  readonly relation: FlowRelation
  readonly columns: readonly Leaving[]
  readonly from: Sql
  readonly where: Sql
  /** behind the statement */
  readonly tail: Sql
  /** all statements of the session's transaction see one moment */
  readonly isSnapshot: boolean
}

export const readStatement = ({ catalogs, relation, columns, from, where, tail }: Reading): Sql =>
  sql`SELECT ${readColumns(catalogs, relation, columns)} FROM ${from} WHERE ${where}${tail}`

/** A value as the client gives it, in CSV; NULL is nothing. */
const WRITTEN: Readonly<Record<Leaving['kind'], (value: unknown) => string>> = {
  number: (value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : ''),
  truth: (value) => (value === null ? '' : value === true ? 't' : 'f'),
  uuid: (value) => (typeof value === 'string' ? value.toLowerCase() : ''),
  text: (value) => (typeof value === 'string' ? quoted(value) : ''),
  bytes: (value) => (Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : ''),
}

const quoted = (text: string): string => (text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`)

/** How many rows there were. */
export async function sendRows(session: SqlServerSession, reading: Reading, out: CsvOut): Promise<bigint> {
  const statement = readStatement(reading)
  const writers = reading.columns.map(({ kind }) => WRITTEN[kind])
  const large: string[] = []
  const keyAt = isLarge(reading.columns) === null ? null : writers.length
  const take = (row: Cells): Promise<void> | void => {
    const key = keyAt === null ? null : row[keyAt]?.value
    if (typeof key === 'string') {
      large.push(key)
      return
    }
    let line = ''
    for (let i = 0; i < writers.length; i++) line += (i === 0 ? '' : ',') + (writers[i]?.(row[i]?.value) ?? '')
    out.add(`${line}\n`)
    return out.room() ?? undefined
  }
  let rows = await session.each(tsql(statement), valuesOf(statement), take)
  rows -= BigInt(large.length)
  for (const key of large) if (await sendLarge(session, reading, key, out)) rows++
  return rows
}

/**
 * The row as it is now, if it still is one of them. Without a snapshot it is copied by one statement first, into a table of
 * the session's own: its parts have to be of one value, and no lock is held on it while they are read.
 */
async function sendLarge(session: SqlServerSession, reading: Reading, key: string, out: CsvOut): Promise<boolean> {
  const { catalogs: c, relation, columns, from } = reading
  const texts = JSON.parse(key) as readonly (string | null)[]
  const isIt = relation.key.map(
    (k, i) => sql`${clearValue(c, k)} = ${c.kit.valueOf(k.sourceType, param(texts[i] ?? null))}`,
  )
  const where = sql`${reading.where} AND ${joined(isIt, ' AND ')}`
  const shown = relation.key.every((k) => k.mask === null) ? key : null
  if (reading.isSnapshot && columns.every(({ size, isStored }) => size === null || isStored))
    return await sendParts(session, columns, largeInPlace(columns, from, where), shown, out)
  const copy = copyLarge(columns, from, where)
  await session.script(tsql(copy.make))
  await session.run(tsql(copy.fill), valuesOf(copy.fill))
  const sent = await sendParts(session, columns, copy.row, shown, out)
  await session.script(tsql(copy.drop))
  return sent
}

async function sendParts(
  session: SqlServerSession,
  columns: readonly Leaving[],
  row: LargeRow,
  key: string | null,
  out: CsvOut,
): Promise<boolean> {
  const statement = largeColumns(columns, row)
  const rows: (readonly unknown[])[] = []
  await session.each(tsql(statement), valuesOf(statement), (cells) => void rows.push(cells.map(({ value }) => value)))
  const [values] = rows
  if (values === undefined) return false
  if (rows.length > 1) throw new AppError('TM4005', `several rows have one key${key === null ? '' : `, ${key}`}`)
  for (const [i, { kind }] of columns.entries()) {
    if (i > 0) out.add(',')
    if (values[columns.length + i] !== '1') out.add(WRITTEN[kind](values[i]))
    else if (kind === 'bytes') await out.digits(parts<Buffer>(session, row, i, PART_BYTES, (x) => Buffer.isBuffer(x)))
    else await out.quoted(parts<string>(session, row, i, PART_CHARACTERS, (x) => typeof x === 'string'))
    const room = out.room()
    if (room !== null) await room
  }
  out.add('\n')
  return true
}

async function* parts<T extends string | Buffer>(
  session: SqlServerSession,
  { from, where, value }: LargeRow,
  column: number,
  length: number,
  isPart: (x: unknown) => x is T,
): AsyncGenerator<T> {
  for (let at = 1n; ; at += BigInt(length)) {
    const of = sql`CAST(${param(at)} AS bigint), CAST(${param(BigInt(length))} AS bigint)`
    const statement = sql`SELECT SUBSTRING(${value(column)}, ${of}) FROM ${from} WHERE ${where}`
    const read: T[] = []
    await session.each(tsql(statement), valuesOf(statement), ([cell]) => {
      if (isPart(cell?.value)) read.push(cell.value)
    })
    const [part] = read
    if (part === undefined) throw new Error('a value was gone before all of its parts were read')
    if (part.length > 0) yield part
    if (part.length < length) return
  }
}
