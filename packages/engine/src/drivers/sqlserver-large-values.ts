/**
 * Bytes of which one value does not fit into memory. The client gives a value only when it has all of it, so it is asked
 * for in parts; what it sends it can read meanwhile, and a column is lengthened part by part where its statement is one
 * that has to be repeated for each.
 */
import type { SqlServerParam, SqlServerSession } from './sqlserver.ts'

/** two or three of them are in memory at once */
export const PART_BYTES = 4 * 1024 * 1024

/**
 * Reads by a statement with one column of bytes and two more parameters than `params`, as texts: the first byte, counted
 * from 1, and how many; `SUBSTRING(column, CAST(@p2 AS bigint), CAST(@p3 AS bigint))`. Null: the value is NULL, or there
 * is no row. One snapshot has to hold for all of them, else the parts are of different values.
 */
export async function readInParts(
  session: SqlServerSession,
  text: string,
  params: readonly SqlServerParam[],
  partBytes = PART_BYTES,
): Promise<AsyncIterable<Buffer> | null> {
  const partAt = async (first: bigint): Promise<Buffer | null> => {
    let part: Buffer | null = null
    await session.each(text, [...params, String(first), String(partBytes)], ([cell]) => {
      if (Buffer.isBuffer(cell?.value)) part = cell.value
    })
    return part
  }
  const first = await partAt(1n)
  return first === null ? null : parts(first, partBytes, partAt)
}

async function* parts(
  first: Buffer,
  partBytes: number,
  partAt: (first: bigint) => Promise<Buffer | null>,
): AsyncGenerator<Buffer> {
  let at = 1n
  for (let part: Buffer | null = first; ; part = await partAt(at)) {
    if (part === null) throw new Error('the value was gone before all of its parts were read')
    if (part.length > 0) yield part
    // the server gives as many as there are
    if (part.length < partBytes) return
    at += BigInt(part.length)
  }
}

/**
 * Writes by a statement that is repeated for each part, with one more parameter than `params`, the bytes:
 * `UPDATE … SET column.WRITE(@p2, NULL, NULL) WHERE …`. The column must not be NULL before, and no FILESTREAM: those take
 * a whole value alone, which is a parameter of bytes that is read while it is sent. How many bytes.
 */
export async function writeInParts(
  session: SqlServerSession,
  text: string,
  params: readonly SqlServerParam[],
  bytes: AsyncIterable<Buffer>,
): Promise<bigint> {
  let written = 0n
  for await (const part of bytes) {
    if (part.length === 0) continue
    const rows = await session.run(text, [...params, part])
    if (rows !== 1n) throw new Error(`a part of a value was written to ${rows} rows`)
    written += BigInt(part.length)
  }
  return written
}
