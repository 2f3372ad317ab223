/** Bytes of the protocol, the least one first: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds */

export class ByteWriter {
  readonly #parts: Buffer[] = []

  raw(bytes: Buffer): this {
    this.#parts.push(bytes)
    return this
  }

  u8(n: number): this {
    return this.raw(Buffer.from([n]))
  }

  u16(n: number): this {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(n)
    return this.raw(bytes)
  }

  u32(n: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(n)
    return this.raw(bytes)
  }

  u64(n: bigint): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(n)
    return this.raw(bytes)
  }

  /** A text behind the number of its characters, in one byte. */
  shortText(text: string): this {
    return this.u8(text.length).raw(Buffer.from(text, 'utf16le'))
  }

  /** The same in two. */
  text(text: string): this {
    return this.u16(text.length).raw(Buffer.from(text, 'utf16le'))
  }

  taken(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Reads what arrives piece by piece; throws where it ends before what is asked for. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>
  #have: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  async bytes(count: number): Promise<Buffer> {
    if (!(await this.#fill(count))) throw new RangeError('the message ends too early')
    const taken = this.#have.subarray(0, count)
    this.#have = this.#have.subarray(count)
    return taken
  }

  /** At most so many, as they come; none: it has ended. */
  async some(most: number): Promise<Buffer> {
    await this.#fill(1)
    const taken = this.#have.subarray(0, most)
    this.#have = this.#have.subarray(taken.length)
    return taken
  }

  async ended(): Promise<boolean> {
    return !(await this.#fill(1))
  }

  async rest(): Promise<Buffer> {
    const pieces: Buffer[] = []
    while (!(await this.ended())) pieces.push(await this.some(Infinity))
    return Buffer.concat(pieces)
  }

  async u8(): Promise<number> {
    return (await this.bytes(1)).readUInt8()
  }

  async u16(): Promise<number> {
    return (await this.bytes(2)).readUInt16LE()
  }

  async u32(): Promise<number> {
    return (await this.bytes(4)).readUInt32LE()
  }

  async u64(): Promise<bigint> {
    return (await this.bytes(8)).readBigUInt64LE()
  }

  async characters(count: number): Promise<string> {
    return (await this.bytes(count * 2)).toString('utf16le')
  }

  async #fill(count: number): Promise<boolean> {
    const pieces = [this.#have]
    let length = this.#have.length
    while (length < count) {
      const { done, value } = await this.#pieces.next()
      if (done === true) break
      pieces.push(value)
      length += value.length
    }
    if (pieces.length > 1) this.#have = Buffer.concat(pieces)
    return length >= count
  }
}
