/** What a server answers with: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/67b6113c-d722-42d1-902c-3f6e8de09173 */
import { ByteWriter } from './bytes.ts'

const TOKEN = {
  returnStatus: 0x79,
  columns: 0x81,
  error: 0xaa,
  info: 0xab,
  loginAck: 0xad,
  row: 0xd1,
  rowWithNulls: 0xd2,
  change: 0xe3,
  done: 0xfd,
  doneProcedure: 0xfe,
  doneInProcedure: 0xff,
} as const

const DONE = { more: 0x01, error: 0x02, counted: 0x10, attention: 0x20 } as const
const SELECT = 0xc1
/** Latin1_General_100_CI_AS, as most servers are installed */
const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34])

interface Done {
  readonly rows?: bigint
  readonly more?: boolean
  readonly failed?: boolean
}

function doneOf(token: number, { rows, more = false, failed = false }: Done, also = 0): Buffer {
  const status = (more ? DONE.more : 0) | (failed ? DONE.error : 0) | (rows === undefined ? 0 : DONE.counted) | also
  return new ByteWriter()
    .u8(token)
    .u16(status)
    .u16(SELECT)
    .u64(rows ?? 0n)
    .taken()
}

export const done = (how: Done = {}): Buffer => doneOf(TOKEN.done, how)
export const doneInProcedure = (how: Done = {}): Buffer => doneOf(TOKEN.doneInProcedure, { more: true, ...how })
/** Ends what a statement with parameters answers. */
export const doneProcedure = (how: Done = {}): Buffer =>
  Buffer.concat([new ByteWriter().u8(TOKEN.returnStatus).u32(0).taken(), doneOf(TOKEN.doneProcedure, how)])
export const attentionDone = (): Buffer => doneOf(TOKEN.done, {}, DONE.attention)

/** A token behind its length. */
const lengthened = (token: number, body: Buffer): Buffer =>
  new ByteWriter().u8(token).u16(body.length).raw(body).taken()

export interface PeerMessage {
  readonly number: number
  readonly message: string
  readonly severity?: number
  readonly state?: number
  readonly procedure?: string
  readonly line?: number
}

const messageOf = (
  token: number,
  { number, message, severity = 16, state = 1, procedure = '', line = 1 }: PeerMessage,
) =>
  lengthened(
    token,
    new ByteWriter()
      .u32(number)
      .u8(state)
      .u8(severity)
      .text(message)
      .shortText('PEER')
      .shortText(procedure)
      .u32(line)
      .taken(),
  )

export const error = (what: PeerMessage): Buffer => messageOf(TOKEN.error, what)
export const info = (what: PeerMessage): Buffer => messageOf(TOKEN.info, { severity: 0, ...what })

const CHANGE = { database: 1, packetSize: 4, collation: 7, begin: 8, commit: 9, rollback: 10, routing: 20 } as const

const changeOfText = (type: number, now: string, before: string): Buffer =>
  lengthened(TOKEN.change, new ByteWriter().u8(type).shortText(now).shortText(before).taken())
const changeOfBytes = (type: number, now: Buffer, before: Buffer): Buffer =>
  lengthened(TOKEN.change, new ByteWriter().u8(type).u8(now.length).raw(now).u8(before.length).raw(before).taken())

const NONE = Buffer.alloc(0)
const TRANSACTION = Buffer.from([1, 0, 0, 0, 1, 0, 0, 0])
export const transactionBegun = (): Buffer => changeOfBytes(CHANGE.begin, TRANSACTION, NONE)
export const transactionCommitted = (): Buffer => changeOfBytes(CHANGE.commit, NONE, TRANSACTION)
export const transactionRolledBack = (): Buffer => changeOfBytes(CHANGE.rollback, NONE, TRANSACTION)

/** What a login is answered with. */
export const loggedIn = (database: string, packetBytes: number): Buffer =>
  Buffer.concat([
    changeOfText(CHANGE.database, database, 'master'),
    changeOfBytes(CHANGE.collation, COLLATION, NONE),
    lengthened(
      TOKEN.loginAck,
      new ByteWriter()
        .u8(1)
        .raw(Buffer.from([0x74, 0x00, 0x00, 0x04]))
        .shortText('A peer for tests')
        .raw(Buffer.from([16, 0, 3, 232]))
        .taken(),
    ),
    changeOfText(CHANGE.packetSize, String(packetBytes), '4096'),
    done(),
  ])

export type PeerType =
  | 'nvarchar'
  | 'nvarchar(max)'
  | 'varchar'
  | 'varbinary(max)'
  | 'int'
  | 'bigint'
  | 'bit'
  | 'decimal'
  | 'money'
  | 'float'
  | 'datetime2'

export type PeerCell = string | bigint | number | Buffer | null

interface Wire {
  /** TYPE_INFO */
  readonly info: Buffer
  value(cell: PeerCell): Buffer
}

const behindLength = (bytes: Buffer): Buffer => new ByteWriter().u16(bytes.length).raw(bytes).taken()
const shortBehindLength = (bytes: Buffer): Buffer => new ByteWriter().u8(bytes.length).raw(bytes).taken()
const NO_TEXT = Buffer.from([0xff, 0xff])
const NO_PARTS = Buffer.alloc(8, 0xff)
const NO_BYTES = Buffer.from([0])

const inParts = (bytes: Buffer): Buffer => {
  const out = new ByteWriter().u64(BigInt(bytes.length))
  if (bytes.length > 0) out.u32(bytes.length).raw(bytes)
  return out.u32(0).taken()
}
const little = (value: bigint, length: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes.subarray(0, length)
}
const wholeOf = (length: number): Wire => ({
  info: Buffer.from([0x26, length]),
  value: (cell) => (cell === null ? NO_BYTES : shortBehindLength(little(BigInt(cell as number | bigint), length))),
})

const WIRES: Readonly<Record<PeerType, Wire>> = {
  nvarchar: {
    info: new ByteWriter().u8(0xe7).u16(8000).raw(COLLATION).taken(),
    value: (cell) => (cell === null ? NO_TEXT : behindLength(Buffer.from(String(cell), 'utf16le'))),
  },
  'nvarchar(max)': {
    info: new ByteWriter().u8(0xe7).u16(0xffff).raw(COLLATION).taken(),
    value: (cell) => (cell === null ? NO_PARTS : inParts(Buffer.from(String(cell), 'utf16le'))),
  },
  varchar: {
    info: new ByteWriter().u8(0xa7).u16(8000).raw(COLLATION).taken(),
    value: (cell) =>
      cell === null ? NO_TEXT : behindLength(Buffer.isBuffer(cell) ? cell : Buffer.from(String(cell), 'latin1')),
  },
  'varbinary(max)': {
    info: new ByteWriter().u8(0xa5).u16(0xffff).taken(),
    value: (cell) => (Buffer.isBuffer(cell) ? inParts(cell) : NO_PARTS),
  },
  int: wholeOf(4),
  bigint: wholeOf(8),
  bit: {
    info: Buffer.from([0x68, 1]),
    value: (cell) => (cell === null ? NO_BYTES : shortBehindLength(little(BigInt(cell as number), 1))),
  },
  /** (38,20) */
  decimal: {
    info: Buffer.from([0x6a, 17, 38, 20]),
    value: (cell) => {
      if (cell === null) return NO_BYTES
      const digits = BigInt(String(cell).replace('.', ''))
      const bytes = Buffer.alloc(16)
      bytes.writeBigUInt64LE(digits & 0xffff_ffff_ffff_ffffn, 0)
      bytes.writeBigUInt64LE(digits >> 64n, 8)
      return shortBehindLength(Buffer.concat([Buffer.from([1]), bytes]))
    },
  },
  money: {
    info: Buffer.from([0x6e, 8]),
    value: (cell) => {
      if (cell === null) return NO_BYTES
      const units = BigInt(cell as bigint)
      return shortBehindLength(Buffer.concat([little(units >> 32n, 4), little(units & 0xffff_ffffn, 4)]))
    },
  },
  float: {
    info: Buffer.from([0x6d, 8]),
    value: (cell) => {
      if (cell === null) return NO_BYTES
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(Number(cell))
      return shortBehindLength(bytes)
    },
  },
  /** (7), as 5 bytes of 100 ns and 3 of days */
  datetime2: {
    info: Buffer.from([0x2a, 7]),
    value: (cell) => (Buffer.isBuffer(cell) ? shortBehindLength(cell) : NO_BYTES),
  },
}

export interface PeerColumn {
  readonly name: string
  readonly type: PeerType
}

const NULLABLE = 0x0001

export function columns(of: readonly PeerColumn[]): Buffer {
  const out = new ByteWriter().u8(TOKEN.columns).u16(of.length)
  for (const { name, type } of of) out.u32(0).u16(NULLABLE).raw(WIRES[type].info).shortText(name)
  return out.taken()
}

export function row(of: readonly PeerColumn[], cells: readonly PeerCell[]): Buffer {
  const out = new ByteWriter().u8(TOKEN.row)
  for (const [i, { type }] of of.entries()) out.raw(WIRES[type].value(cells[i] ?? null))
  return out.taken()
}

/** As a server sends a row of which many cells are NULL: a bit for each, and the others. */
export function rowWithNulls(of: readonly PeerColumn[], cells: readonly PeerCell[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(of.length / 8))
  const out = new ByteWriter().u8(TOKEN.rowWithNulls).raw(bits)
  for (const [i, { type }] of of.entries()) {
    const cell = cells[i] ?? null
    if (cell === null) bits.writeUInt8(bits.readUInt8(i >> 3) | (1 << (i & 7)), i >> 3)
    else out.raw(WIRES[type].value(cell))
  }
  return out.taken()
}
