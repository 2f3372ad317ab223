/** What a client asks, as far as a peer has to tell one question from another. It reads no SQL. */
import { createHash } from 'node:crypto'
import { ByteReader } from './bytes.ts'
import { type Message, PACKET } from './packets.ts'

/** Bytes are told by their number and hash: nobody keeps two gigabytes. */
export interface PeerBytes {
  readonly bytes: bigint
  readonly sha256: string
}
export type PeerValue = string | PeerBytes | null

export type PeerRequest =
  | { readonly kind: 'batch'; readonly text: string }
  | { readonly kind: 'rpc'; readonly procedure: string; readonly params: readonly PeerValue[] }
  | { readonly kind: 'bulk'; readonly columns: readonly string[]; readonly rows: readonly (readonly PeerValue[])[] }
  | { readonly kind: 'other'; readonly type: number; readonly bytes: number }

/** `ignored`: its sender gave it up in the middle. */
export type Asked = { readonly request: PeerRequest; readonly ignored: boolean }

/** Of a statement, with or without parameters; null: it is none. */
export function statementOf(request: PeerRequest): string | null {
  if (request.kind === 'batch') return request.text
  const [statement] = request.kind === 'rpc' ? request.params : []
  return typeof statement === 'string' ? statement : null
}

const SP_EXECUTESQL = 10

export async function readRequest(message: Message): Promise<Asked> {
  const from = new ByteReader(message.data)
  const request = await readAs(message, from).catch((error: unknown) => {
    // what was given up may end anywhere
    if (message.ignored()) return null
    throw error
  })
  return { request: request ?? { kind: 'other', type: message.type, bytes: 0 }, ignored: message.ignored() }
}

async function readAs({ type }: Message, from: ByteReader): Promise<PeerRequest> {
  switch (type) {
    case PACKET.batch:
      await skipHeaders(from)
      return { kind: 'batch', text: (await from.rest()).toString('utf16le') }
    case PACKET.rpc:
      await skipHeaders(from)
      return await readCall(from)
    case PACKET.bulk:
      return await readBulk(from)
    default:
      return { kind: 'other', type, bytes: (await from.rest()).length }
  }
}

/** Of the transaction, which differs per session. */
async function skipHeaders(from: ByteReader): Promise<void> {
  await from.bytes((await from.u32()) - 4)
}

async function readCall(from: ByteReader): Promise<PeerRequest> {
  const length = await from.u16()
  const number = length === 0xffff ? await from.u16() : null
  const procedure =
    number === null ? await from.characters(length) : number === SP_EXECUTESQL ? 'sp_executesql' : `${number}`
  await from.u16()
  const params: PeerValue[] = []
  while (!(await from.ended())) {
    await from.characters(await from.u8())
    await from.u8()
    params.push(await (await readType(from))())
  }
  return { kind: 'rpc', procedure, params }
}

async function readBulk(from: ByteReader): Promise<PeerRequest> {
  const COLUMNS = 0x81
  const ROW = 0xd1
  const columns: string[] = []
  const values: (() => Promise<PeerValue>)[] = []
  const rows: PeerValue[][] = []
  while (!(await from.ended())) {
    const token = await from.u8()
    if (token === COLUMNS) {
      for (let left = await from.u16(); left > 0; left--) {
        await from.bytes(6)
        values.push(await readType(from))
        columns.push(await from.characters(await from.u8()))
      }
    } else if (token === ROW) {
      const row: PeerValue[] = []
      for (const value of values) row.push(await value())
      rows.push(row)
    } else {
      // its end
      await from.rest()
    }
  }
  return { kind: 'bulk', columns, rows }
}

const MAX = 0xffff
const NO_PARTS = 0xffff_ffff_ffff_ffffn

/** TYPE_INFO, as what reads a value of it. */
async function readType(from: ByteReader): Promise<() => Promise<PeerValue>> {
  const type = await from.u8()
  switch (type) {
    case 0x26: {
      await from.u8()
      return async () => {
        const bytes = await from.bytes(await from.u8())
        return bytes.length === 0 ? null : String(bytes.readIntLE(0, Math.min(bytes.length, 6)))
      }
    }
    case 0xe7: {
      const most = await from.u16()
      await from.bytes(5)
      return most === MAX ? () => readParts(from, true) : () => readShort(from, true)
    }
    case 0xa5: {
      const most = await from.u16()
      return most === MAX ? () => readParts(from, false) : () => readShort(from, false)
    }
    default:
      throw new TypeError(`a peer reads no values of type ${type}`)
  }
}

const bytesOf = (bytes: Buffer): PeerBytes => ({
  bytes: BigInt(bytes.length),
  sha256: createHash('sha256').update(bytes).digest('hex'),
})

async function readShort(from: ByteReader, isText: boolean): Promise<PeerValue> {
  const length = await from.u16()
  if (length === MAX) return null
  const bytes = await from.bytes(length)
  return isText ? bytes.toString('utf16le') : bytesOf(bytes)
}

async function readParts(from: ByteReader, isText: boolean): Promise<PeerValue> {
  if ((await from.u64()) === NO_PARTS) return null
  const hash = createHash('sha256')
  const texts: Buffer[] = []
  let bytes = 0n
  for (let left = await from.u32(); left > 0; left = await from.u32()) {
    while (left > 0) {
      const part = await from.some(left)
      if (part.length === 0) throw new RangeError('the message ends too early')
      if (isText) texts.push(part)
      else hash.update(part)
      bytes += BigInt(part.length)
      left -= part.length
    }
  }
  return isText ? Buffer.concat(texts).toString('utf16le') : { bytes, sha256: hash.digest('hex') }
}
