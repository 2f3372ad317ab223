/** How a connection begins, before the first statement: what is agreed on, and who asks. */
import { ByteReader } from './bytes.ts'

/** As the two say of encryption: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868 */
export const ENCRYPTION = { off: 0, on: 1, notSupported: 2, required: 3 } as const

const VERSION = 0
const ENCRYPT = 1
const END = 0xff

/** A server of version 16 that says this of encryption. */
export function preloginReply(encryption: number): Buffer {
  const version = Buffer.from([16, 0, 3, 232, 0, 0])
  const start = 5 + 5 + 1
  const at = (token: number, offset: number, length: number): Buffer => {
    const bytes = Buffer.from([token, 0, 0, 0, 0])
    bytes.writeUInt16BE(offset, 1)
    bytes.writeUInt16BE(length, 3)
    return bytes
  }
  return Buffer.concat([
    at(VERSION, start, version.length),
    at(ENCRYPT, start + version.length, 1),
    Buffer.from([END]),
    version,
    Buffer.from([encryption]),
  ])
}

/** What the client says of encryption. */
export function encryptionAsked(prelogin: Buffer): number {
  for (let at = 0; prelogin[at] !== END && at + 5 <= prelogin.length; at += 5)
    if (prelogin[at] === ENCRYPT) return prelogin[prelogin.readUInt16BE(at + 1)] ?? ENCRYPTION.notSupported
  return ENCRYPTION.notSupported
}

export interface PeerLogin {
  readonly user: string
  readonly password: string
  readonly application: string
  readonly server: string
  readonly database: string
  /** of an availability group: a copy that is only read */
  readonly readOnly: boolean
}

/** https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac */
export async function readLogin(data: AsyncIterable<Buffer>): Promise<PeerLogin> {
  const bytes = await new ByteReader(data).rest()
  const field = (at: number): Buffer => {
    const [offset, characters] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)]
    return bytes.subarray(offset, offset + characters * 2)
  }
  const text = (at: number): string => field(at).toString('utf16le')
  // halves of each byte swapped, and then some bits turned over
  const password = Buffer.from(field(44).map((b) => ((b ^ 0xa5) >> 4) | (((b ^ 0xa5) & 0x0f) << 4)))
  const READ_ONLY = 0x20
  return {
    user: text(40),
    password: password.toString('utf16le'),
    application: text(48),
    server: text(52),
    database: text(68),
    readOnly: (bytes.readUInt8(26) & READ_ONLY) !== 0,
  }
}
