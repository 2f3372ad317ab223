/** The rows of a statement as lines of CSV; those with a large value come last, one by one and in parts. */
import type { Cells, SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import { clearValue } from '../relational/columns.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import { ident, joined, param, type Sql, sql, valuesOf } from '../sql-text.ts'
import type { CsvOut } from './csv-out.ts'
import { isLarge, largeColumns, type LargeRow, type Piece, pieceIn, readColumns, storeLarge } from './departing.sql.ts'
import { tsql } from './style.ts'

/** of a text: two bytes each */
const PART_CHARACTERS = 1024 * 1024
const PART_BYTES = 2 * 1024 * 1024

/** What of the source a batch reads. */
export interface Reading {
  readonly catalogs: Catalogs
  /** uncast */
  readonly relation: FlowRelation
  readonly pieces: readonly Piece[]
  readonly from: Sql
  readonly where: Sql
  /** behind the statement */
  readonly tail: Sql
  /** all statements of the session's transaction see one moment */
  readonly isSnapshot: boolean
}

export const readStatement = ({ catalogs, relation, pieces, from, where, tail }: Reading): Sql =>
  sql`SELECT ${readColumns(catalogs, relation, pieces)} FROM ${from} WHERE ${where}${tail}`

/** How many rows there were. */
export async function sendRows(session: SqlServerSession, reading: Reading, out: CsvOut): Promise<bigint> {
  const statement = readStatement(reading)
  const { pieces } = reading
  const large: string[] = []
  const keyAt = isLarge(pieces) === null ? null : pieces.length
  const take = (row: Cells): Promise<void> | void => {
    if (keyAt !== null && row[keyAt]?.value != null) {
      large.push(String(row[keyAt]?.value))
      return
    }
    for (const [i, { kind }] of pieces.entries()) {
      if (i > 0) out.add(',')
      addShort(out, kind, row[i]?.value)
    }
    out.add('\n')
    return out.room() ?? undefined
  }
  let rows = await session.each(tsql(statement), valuesOf(statement), take)
  rows -= BigInt(large.length)
  for (const key of large) if (await sendLarge(session, reading, key, out)) rows++
  return rows
}

function addShort(out: CsvOut, kind: Piece['kind'], value: unknown): void {
  if (typeof value === 'string') out.add(kind === 'line' ? value : `"${value.replaceAll('"', '""')}"`)
  else if (Buffer.isBuffer(value)) out.add(`\\x${value.toString('hex')}`)
}

/**
 * The row as it is now, if it still is one of them. Without a snapshot it is copied by one statement first, into a table of
 * the session's own: its parts have to be of one value, and no lock is held on it while they are read.
 */
async function sendLarge(session: SqlServerSession, reading: Reading, key: string, out: CsvOut): Promise<boolean> {
  const { catalogs: c, relation, pieces, from } = reading
  const texts = JSON.parse(key) as readonly (string | null)[]
  const isIt = relation.key.map(
    (k, i) => sql`${clearValue(c, k)} = ${c.kit.valueOf(k.sourceType, param(texts[i] ?? null))}`,
  )
  const where = sql`${reading.where} AND ${joined(isIt, ' AND ')}`
  const isInPlace = reading.isSnapshot && pieces.every((p) => p.kind === 'line' || p.size === null || p.isStored)
  if (isInPlace) return await sendParts(session, pieces, { from, where, value: (i) => pieceIn(pieces, i) }, key, out)
  const stored = storeLarge(pieces, from, where)
  await session.script(tsql(stored.make))
  await session.run(tsql(stored.fill), valuesOf(stored.fill))
  const row = { from: stored.from, where: sql`1 = 1`, value: (i: number): Sql => ident('l', `p${i + 1}`) }
  const sent = await sendParts(session, pieces, row, key, out)
  await session.script(tsql(stored.drop))
  return sent
}

async function sendParts(
  session: SqlServerSession,
  pieces: readonly Piece[],
  row: LargeRow,
  key: string,
  out: CsvOut,
): Promise<boolean> {
  const statement = largeColumns(pieces, row)
  const rows: (readonly unknown[])[] = []
  await session.each(tsql(statement), valuesOf(statement), (cells) => void rows.push(cells.map(({ value }) => value)))
  const [values] = rows
  if (values === undefined) return false
  if (rows.length > 1) throw new AppError('TM4005', `several rows have the key ${key}`)
  for (const [i, { kind }] of pieces.entries()) {
    if (i > 0) out.add(',')
    const isLong = values[pieces.length + i] === '1'
    if (!isLong) addShort(out, kind, values[i])
    else if (kind === 'bytes') await out.digits(parts<Buffer>(session, row, i, PART_BYTES, Buffer.isBuffer))
    else await out.quoted(parts<string>(session, row, i, PART_CHARACTERS, (x) => typeof x === 'string'))
    const room = out.room()
    if (room !== null) await room
  }
  out.add('\n')
  return true
}

/** The server counts characters of a text by UTF-16 where its collation says nothing else. */
async function* parts<T extends string | Buffer>(
  session: SqlServerSession,
  { from, where, value }: LargeRow,
  piece: number,
  length: number,
  isPart: (x: unknown) => x is T,
): AsyncGenerator<T> {
  for (let at = 1n; ; at += BigInt(length)) {
    const of = sql`CAST(${param(at)} AS bigint), CAST(${param(BigInt(length))} AS bigint)`
    const statement = sql`SELECT SUBSTRING(${value(piece)}, ${of}) FROM ${from} WHERE ${where}`
    let part: T | null = null
    await session.each(tsql(statement), valuesOf(statement), ([cell]) => {
      if (isPart(cell?.value)) part = cell.value
    })
    const read = part as T | null
    if (read === null) throw new Error('a value was gone before all of its parts were read')
    if (read.length > 0) yield read
    if (read.length < length) return
  }
}
