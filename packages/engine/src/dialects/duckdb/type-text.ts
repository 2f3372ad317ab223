/** DuckDB's text of a type, as its catalog prints it, taken apart. */
import { doubleQuoted } from '../sql-text.ts'

export interface TypeField {
  readonly name: string
  readonly type: TypeTree
}

export type TypeTree =
  /** upper case, as the catalog prints it: `TIMESTAMP WITH TIME ZONE` */
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  /** size null: a list of any length */
  | { readonly kind: 'list'; readonly of: TypeTree; readonly size: number | null }
  | { readonly kind: 'struct' | 'union'; readonly fields: readonly TypeField[] }
  | { readonly kind: 'map'; readonly key: TypeTree; readonly value: TypeTree }

const MOST_DIGITS = 38

/** Names that people write, and the catalog's own. */
const ALIASES: Readonly<Record<string, string>> = {
  BOOL: 'BOOLEAN',
  INT1: 'TINYINT',
  INT2: 'SMALLINT',
  SHORT: 'SMALLINT',
  INT: 'INTEGER',
  INT4: 'INTEGER',
  INT8: 'BIGINT',
  LONG: 'BIGINT',
  FLOAT4: 'FLOAT',
  REAL: 'FLOAT',
  FLOAT8: 'DOUBLE',
  'DOUBLE PRECISION': 'DOUBLE',
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  CHAR: 'VARCHAR',
  BPCHAR: 'VARCHAR',
  BYTEA: 'BLOB',
  BINARY: 'BLOB',
  VARBINARY: 'BLOB',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP_US: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
  TIMETZ: 'TIME WITH TIME ZONE',
  BITSTRING: 'BIT',
  NUMERIC: 'DECIMAL',
  DEC: 'DECIMAL',
}

export const SCALARS: ReadonlySet<string> = new Set([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
  'BIGNUM',
  'FLOAT',
  'DOUBLE',
  'VARCHAR',
  'JSON',
  'BLOB',
  'BIT',
  'UUID',
  'DATE',
  'TIME',
  'TIME_NS',
  'TIME WITH TIME ZONE',
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMP WITH TIME ZONE',
  'INTERVAL',
  'VARIANT',
  'GEOMETRY',
])

const TOKEN = /\s*(?:("(?:[^"]|"")*")|('(?:[^']|'')*')|([\p{L}_][\p{L}\p{N}_$]*)|(\d+)|([()[\],]))/uy

class Unreadable extends Error {}

/** null: no type of DuckDB that this version knows. */
export function findType(text: string): TypeTree | null {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const token = TOKEN.exec(text)?.[0].trimStart()
    if (token === undefined) return null
    tokens.push(token)
  }
  const reader = new TypeReader(tokens)
  try {
    const type = reader.type()
    return reader.done ? type : null
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}

class TypeReader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get done(): boolean {
    return this.#at === this.#tokens.length
  }

  type(): TypeTree {
    let type = this.#single()
    while (this.#has('[')) {
      const size = this.#peek() === ']' ? null : this.#number()
      this.#need(']')
      type = { kind: 'list', of: type, size }
    }
    return type
  }

  #single(): TypeTree {
    const word = this.#next().toUpperCase()
    if ((word === 'STRUCT' || word === 'UNION') && this.#has('('))
      return { kind: word === 'STRUCT' ? 'struct' : 'union', fields: this.#list(() => this.#field()) }
    if (word === 'MAP' && this.#has('(')) {
      const [key, value, ...rest] = this.#list(() => this.type())
      if (key === undefined || value === undefined || rest.length > 0) throw new Unreadable()
      return { kind: 'map', key, value }
    }
    if (word === 'ENUM' && this.#has('(')) return { kind: 'enum', values: this.#list(() => this.#literal()) }
    const name = this.#named(word)
    if (name === 'DECIMAL') return this.#decimal()
    if (!SCALARS.has(name)) throw new Unreadable()
    return { kind: 'scalar', name }
  }

  /** The words that follow some names. */
  #named(word: string): string {
    if (word === 'DOUBLE' && this.#has('PRECISION')) return 'DOUBLE'
    if ((word === 'TIMESTAMP' || word === 'TIME') && this.#has('WITH')) {
      this.#need('TIME')
      this.#need('ZONE')
      return `${word} WITH TIME ZONE`
    }
    return ALIASES[word] ?? word
  }

  /** DECIMAL alone is DECIMAL(18,3), DECIMAL(p) has no fraction. */
  #decimal(): TypeTree {
    const [precision = 0, scale = 0, ...rest] = this.#has('(') ? this.#list(() => this.#number()) : [18, 3]
    if (precision < 1 || precision > MOST_DIGITS || scale > precision || rest.length > 0) throw new Unreadable()
    return { kind: 'decimal', precision, scale }
  }

  #field(): TypeField {
    const token = this.#next()
    const name = token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token
    return { name, type: this.type() }
  }

  #literal(): string {
    const token = this.#next()
    if (!token.startsWith("'")) throw new Unreadable()
    return token.slice(1, -1).replaceAll("''", "'")
  }

  #number(): number {
    const token = this.#next()
    if (!/^\d{1,9}$/.test(token)) throw new Unreadable()
    return Number(token)
  }

  #list<T>(item: () => T): readonly T[] {
    const items = [item()]
    while (this.#has(',')) items.push(item())
    this.#need(')')
    return items
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #next(): string {
    const token = this.#peek()
    if (token === undefined) throw new Unreadable()
    this.#at += 1
    return token
  }

  #has(token: string): boolean {
    if (this.#peek()?.toUpperCase() !== token) return false
    this.#at += 1
    return true
  }

  #need(token: string): void {
    if (!this.#has(token)) throw new Unreadable()
  }
}

/** The one text of a type. Names inside it are always quoted, so it is not to the letter what the catalog prints. */
export function formatType(type: TypeTree): string {
  switch (type.kind) {
    case 'scalar':
      return type.name
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'enum':
      return `ENUM(${type.values.map((v) => `'${v.replaceAll("'", "''")}'`).join(', ')})`
    case 'list':
      return `${formatType(type.of)}[${type.size ?? ''}]`
    case 'map':
      return `MAP(${formatType(type.key)}, ${formatType(type.value)})`
    case 'struct':
    case 'union':
      return `${type.kind.toUpperCase()}(${type.fields.map((f) => `${doubleQuoted(f.name)} ${formatType(f.type)}`).join(', ')})`
  }
}
