/** Rows in the binary format of PostgreSQL's COPY: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". */

/** Signature, no flags, no extension. */
export const COPY_START = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const COPY_END = Buffer.from([0xff, 0xff])

/** null: NULL */
export function copyRow(fields: readonly (Buffer | null)[]): Buffer {
  const parts: Buffer[] = [int16(fields.length)]
  for (const field of fields) parts.push(int32(field === null ? -1 : field.length), ...(field === null ? [] : [field]))
  return Buffer.concat(parts)
}

export const text = (value: string): Buffer => Buffer.from(value, 'utf8')

export const flag = (value: boolean): Buffer => Buffer.from([value ? 1 : 0])

/** PostgreSQL's own epoch, in microseconds since 1970 */
const EPOCH_2000 = 946_684_800_000_000n

/** A timestamp with or without zone, from microseconds since 1970. */
export function timestamp(micros: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(micros - EPOCH_2000)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
