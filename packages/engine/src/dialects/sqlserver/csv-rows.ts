/**
 * The rows of a CSV file as it comes, piece by piece: what a departure writes, and no other form (`../departure.ts`). A piece
 * is decoded once and cut into texts; a value that is too long to be held leaves in parts, before its row.
 */
import { StringDecoder } from 'node:string_decoder'
import { AppError } from '../../runtime/app-error.ts'

export interface CsvColumn {
  readonly name: string
  readonly kind: 'text' | 'bytes'
  /** of characters; null: a value of any length, which leaves in parts where it is long */
  readonly most: number | null
  /** characters or bytes that it has room for where it goes; null: for any. What is longer is announced before its row */
  readonly room: number | null
}

/**
 * One value a column; null where it is NULL, and where it has left in parts. Where values may be of any length one more
 * follows: by what the parts of this row are known, null where it has none. Last, the number of the row, from 1 on.
 */
export type CsvRow = readonly (string | Buffer | bigint | null)[]

/** Some of a value that is too long. */
export interface CsvPart {
  readonly row: string
  /** of the columns, counted from 0 */
  readonly column: number
  readonly data: Buffer
  /** nothing more comes of this value */
  readonly isLast: boolean
}

/** The next row has a value that its column has no room for: from now on it needs room for any. */
export interface CsvLonger {
  /** of the columns, counted from 0 */
  readonly longer: number
}

export type CsvItem = CsvRow | CsvPart | CsvLonger
export const isRow = (item: CsvItem): item is CsvRow => Array.isArray(item)
export const isPart = (item: CsvItem): item is CsvPart => 'isLast' in item

const COMMA = 0x2c
const NEWLINE = 0x0a
const QUOTE = 0x22
/** characters of a value that are held, at most */
export const HELD_CHARACTERS = 4 * 1024 * 1024

/** before a value · in one without quotation marks · in one with them · behind a mark, which ends the value or is doubled */
type State = 'start' | 'plain' | 'quoted' | 'mark'

export class CsvRows {
  readonly #columns: readonly CsvColumn[]
  readonly #held: number
  /** of each column, as announced */
  readonly #room: (number | null)[]
  readonly #hasLong: boolean
  readonly #decoder = new StringDecoder('utf8')
  #state: State = 'start'
  /** of the value that has begun */
  #text = ''
  #values: (string | Buffer | bigint | null)[] = []
  #rows = 0n
  /** the value that has begun is leaving in parts; half of a byte may be left of the last */
  #parts: { rest: string } | null = null
  #large: string | null = null
  #items: CsvItem[] = []

  constructor(columns: readonly CsvColumn[], held = HELD_CHARACTERS) {
    this.#columns = columns
    this.#held = held
    this.#room = columns.map(({ room }) => room)
    this.#hasLong = columns.some(({ most }) => most === null)
  }

  /** What has come to its end. */
  push(chunk: Buffer): readonly CsvItem[] {
    this.#read(this.#decoder.write(chunk))
    return this.#taken()
  }

  /** Nothing more comes. */
  end(): readonly CsvItem[] {
    this.#read(this.#decoder.end())
    if (this.#state !== 'start' || this.#values.length > 0) throw this.#malformed('it ends within a row')
    return this.#taken()
  }

  #taken(): readonly CsvItem[] {
    const items = this.#items
    this.#items = []
    return items
  }

  #read(text: string): void {
    let at = 0
    while (at < text.length) {
      switch (this.#state) {
        case 'start':
          this.#state = text.charCodeAt(at) === QUOTE ? 'quoted' : 'plain'
          if (this.#state === 'quoted') at++
          break
        case 'plain': {
          let end = at
          let code = 0
          for (; end < text.length; end++) {
            code = text.charCodeAt(end)
            if (code === COMMA || code === NEWLINE) break
          }
          this.#add(text, at, end)
          at = end
          if (end < text.length) {
            this.#value(false, code === NEWLINE)
            at++
          }
          break
        }
        case 'quoted': {
          const end = text.indexOf('"', at)
          this.#add(text, at, end === -1 ? text.length : end)
          if (end === -1) return
          this.#state = 'mark'
          at = end + 1
          break
        }
        case 'mark': {
          const code = text.charCodeAt(at++)
          if (code === QUOTE) {
            this.#text += '"'
            this.#state = 'quoted'
          } else if (code === COMMA || code === NEWLINE) this.#value(true, code === NEWLINE)
          else throw this.#malformed('something stands behind a quotation mark')
        }
      }
    }
  }

  #add(text: string, from: number, to: number): void {
    this.#text += text.slice(from, to)
    if (this.#text.length > this.#held) this.#part(false)
  }

  #value(isQuoted: boolean, isLast: boolean): void {
    this.#state = 'start'
    const column = this.#columns[this.#values.length]
    if (column === undefined) throw this.#malformed(`it has more than ${this.#columns.length} values`)
    if (this.#parts !== null) this.#part(true)
    else this.#whole(this.#text === '' && !isQuoted ? null : this.#valueOf(column, this.#text))
    this.#text = ''
    if (!isLast) return
    if (this.#values.length !== this.#columns.length)
      throw this.#malformed(`it has ${this.#values.length} of ${this.#columns.length} values`)
    if (this.#hasLong) this.#values.push(this.#large)
    this.#values.push(++this.#rows)
    this.#items.push(this.#values)
    this.#values = []
    this.#large = null
  }

  #whole(value: string | Buffer | null): void {
    const index = this.#values.length
    const room = this.#room[index] ?? null
    if (value !== null && room !== null && value.length > room) {
      this.#items.push({ longer: index })
      this.#room[index] = null
    }
    this.#values.push(value)
  }

  #valueOf(column: CsvColumn, text: string): string | Buffer {
    if (column.kind === 'bytes') return this.#bytes(column, text.startsWith('\\x') ? text.slice(2) : 'none')
    if (column.most !== null && text.length > column.most)
      throw new AppError(
        'TM5001',
        `${column.name}: a value of ${text.length} characters is longer than any of its type`,
      )
    return text
  }

  #bytes({ name }: CsvColumn, digits: string): Buffer {
    const bytes = Buffer.from(digits, 'hex')
    if (bytes.length * 2 !== digits.length)
      throw new AppError('TM5001', `${name}: bytes came as something else than digits`)
    return bytes
  }

  /** What is held of the value leaves, as bytes or in UTF-16. */
  #part(isLast: boolean): void {
    const index = this.#values.length
    const column = this.#columns[index]
    if (column === undefined) throw this.#malformed(`it has more than ${this.#columns.length} values`)
    if (column.most !== null) {
      this.#valueOf(column, this.#text)
      return
    }
    this.#large ??= String(this.#rows + 1n)
    const parts = this.#parts
    this.#parts ??= { rest: '' }
    let text = `${parts?.rest ?? ''}${this.#text}`
    this.#text = ''
    let rest = ''
    if (column.kind === 'bytes') {
      if (parts === null) {
        if (!text.startsWith('\\x'))
          throw new AppError('TM5001', `${column.name}: bytes came as something else than digits`)
        text = text.slice(2)
      }
      if (!isLast && text.length % 2 === 1) {
        rest = text.slice(-1)
        text = text.slice(0, -1)
      }
    }
    this.#parts.rest = rest
    const data = column.kind === 'bytes' ? this.#bytes(column, text) : Buffer.from(text, 'utf16le')
    this.#items.push({ row: this.#large, column: index, data, isLast })
    if (!isLast) return
    this.#parts = null
    this.#values.push(null)
  }

  #malformed(why: string): AppError {
    return new AppError('TM4019', `row ${this.#rows + 1n} came as no row: ${why}`)
  }
}
