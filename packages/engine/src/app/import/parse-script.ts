/**
 * A step's script of an installation, taken apart: one `INSERT INTO … SELECT … FROM … JOIN … WHERE …`, which is what a
 * step does. Whatever else it is, is told and left to a person.
 */
import { readTsql, TsqlError, type TsqlLexeme } from './tsql-lexeme.ts'

/** Why a script is not taken apart, as the rest of a sentence about it. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
}

export type Lexemes = readonly TsqlLexeme[]

export interface FromTable {
  /** as written, brackets taken off: `["SourceTableFull"]`, `["Db", "dbo", "Letters"]`, `["#Batch"]` */
  readonly name: readonly string[]
  /** as other parts of the script call it */
  readonly alias: string
  readonly join: 'first' | 'inner' | 'left'
  /** conditions that all hold */
  readonly on: readonly Lexemes[]
}

export interface InsertScript {
  readonly text: string
  readonly into: readonly string[]
  readonly columns: readonly string[]
  /** one for each column */
  readonly values: readonly Lexemes[]
  readonly tables: readonly FromTable[]
  /** conditions that all hold */
  readonly where: readonly Lexemes[]
  /** `MaxDOP`: the token, whose value was a parameter; null: none */
  readonly maxDop: number | 'MaxDOP' | null
}

const CLAUSES = ['SELECT', 'FROM', 'WHERE', 'ORDER', 'OPTION'] as const
type Clause = (typeof CLAUSES)[number]
const NOT_OURS: ReadonlySet<string> = new Set([
  'GROUP',
  'HAVING',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'FOR',
  'OUTPUT',
  'EXEC',
])
const JOIN_WORDS: ReadonlySet<string> = new Set([
  'INNER',
  'LEFT',
  'OUTER',
  'JOIN',
  'RIGHT',
  'FULL',
  'CROSS',
  'HASH',
  'LOOP',
])

/** Throws a ScriptError. */
export function parseScript(text: string): InsertScript {
  const code = withoutFrame(lexemesOf(text))
  const into = new Reader(text, code)
  into.expect('INSERT')
  if (into.takes('TOP')) into.skipBrackets()
  into.takes('INTO')
  const name = into.name()
  if (into.takes('WITH')) into.skipBrackets()
  const columns = into.at('(') ? into.names() : null
  if (!into.is('SELECT')) throw new ScriptError('its rows do not come from a SELECT')
  const clauses = clausesOf(text, code.slice(into.place))
  const values = splitAt(selected(clauses.SELECT), (l) => l.value === ',')
  if (columns === null) throw new ScriptError('it does not name the columns that it inserts')
  if (columns.length !== values.length)
    throw new ScriptError(`it inserts ${columns.length} columns and selects ${values.length}`)
  return {
    text,
    into: name,
    columns,
    values,
    tables: tablesOf(text, clauses.FROM),
    where: conjuncts(clauses.WHERE),
    maxDop: maxDopOf(clauses.OPTION),
  }
}

function lexemesOf(text: string): Lexemes {
  try {
    return readTsql(text)
  } catch (error) {
    if (error instanceof TsqlError) throw new ScriptError(error.message)
    throw error
  }
}

/** Without `SET NOCOUNT ON` before it and the semicolon behind it. */
function withoutFrame(code: Lexemes): Lexemes {
  const [a, b, c] = code
  const begun = a?.value === 'SET' && b?.value === 'NOCOUNT' && c?.value === 'ON' ? code.slice(3) : code
  const first = begun.findIndex((l) => l.value !== ';')
  const last = begun.findLastIndex((l) => l.value !== ';')
  return begun.slice(Math.max(first, 0), last + 1)
}

/** What stands at each place of `code` inside how many brackets and CASEs. */
function depths(code: Lexemes): readonly number[] {
  let depth = 0
  return code.map(({ kind, value }) => {
    const opens = (kind === 'sign' && value === '(') || (kind === 'word' && value === 'CASE')
    const closes = (kind === 'sign' && value === ')') || (kind === 'word' && value === 'END')
    if (closes) depth -= 1
    const here = depth
    if (opens) depth += 1
    return here
  })
}

function clausesOf(text: string, code: Lexemes): Readonly<Record<Clause, Lexemes>> {
  const found: Record<Clause, TsqlLexeme[]> = { SELECT: [], FROM: [], WHERE: [], ORDER: [], OPTION: [] }
  let clause: Clause = 'SELECT'
  for (const [i, depth] of depths(code).entries()) {
    const lexeme = code[i]
    if (lexeme === undefined) continue
    if (depth === 0 && lexeme.kind === 'sign' && lexeme.value === ';')
      throw new ScriptError('it is more than one statement')
    if (depth === 0 && lexeme.kind === 'word') {
      if (NOT_OURS.has(lexeme.value)) throw new ScriptError(`it has ${text.slice(lexeme.start, lexeme.end)} in it`)
      const begins = CLAUSES.find((c) => c === lexeme.value)
      if (begins !== undefined) {
        if (i > 0 && CLAUSES.indexOf(begins) <= CLAUSES.indexOf(clause))
          throw new ScriptError('it is more than one statement')
        clause = begins
        continue
      }
    }
    found[clause].push(lexeme)
  }
  return found
}

function selected(code: Lexemes): Lexemes {
  const [first, second] = code
  if (first?.value === 'DISTINCT') throw new ScriptError('it selects DISTINCT rows')
  if (first?.value !== 'TOP') return code
  if (second?.value !== '(') return code.slice(2)
  return code.slice(closing(code, 1) + 1)
}

function closing(code: Lexemes, open: number): number {
  const all = depths(code)
  const end = all.findIndex((depth, i) => i > open && depth === all[open] && code[i]?.value === ')')
  if (end === -1) throw new ScriptError('a bracket has no end')
  return end
}

/** Parts between what separates them outside of brackets. */
function splitAt(code: Lexemes, separates: (lexeme: TsqlLexeme) => boolean): readonly Lexemes[] {
  const parts: TsqlLexeme[][] = [[]]
  for (const [i, depth] of depths(code).entries()) {
    const lexeme = code[i]
    if (lexeme === undefined) continue
    if (depth === 0 && separates(lexeme)) parts.push([])
    else parts.at(-1)?.push(lexeme)
  }
  return parts
}

const isWord = (lexeme: TsqlLexeme | undefined, value: string): boolean =>
  lexeme?.kind === 'word' && lexeme.value === value

/** Conditions joined by AND, each taken out of brackets around it; with an OR in between it is one. */
function conjuncts(given: Lexemes): readonly Lexemes[] {
  const code = unwrapped(given)
  if (code.length === 0) return []
  const all = depths(code)
  if (code.some((l, i) => all[i] === 0 && isWord(l, 'OR'))) return [code]
  let between = false
  const parts = splitAt(code, (lexeme) => {
    if (isWord(lexeme, 'BETWEEN')) between = true
    if (!isWord(lexeme, 'AND')) return false
    if (!between) return true
    between = false
    return false
  })
  return parts.length === 1 ? parts : parts.flatMap(conjuncts)
}

function unwrapped(code: Lexemes): Lexemes {
  if (code[0]?.value !== '(' || code[0].kind !== 'sign' || closing(code, 0) !== code.length - 1) return code
  return unwrapped(code.slice(1, -1))
}

function tablesOf(text: string, code: Lexemes): readonly FromTable[] {
  if (code.length === 0) throw new ScriptError('it selects from no table')
  if (splitAt(code, (l) => l.kind === 'sign' && l.value === ',').length > 1)
    throw new ScriptError('it lists tables without JOIN')
  const reader = new Reader(text, code)
  const tables = [{ ...reader.table(), join: 'first' as const, on: [] }] as FromTable[]
  while (!reader.done) {
    const join = reader.join()
    const table = reader.table()
    reader.expect('ON')
    tables.push({ ...table, join, on: conjuncts(reader.until((l) => l.kind === 'word' && JOIN_WORDS.has(l.value))) })
  }
  return tables
}

function maxDopOf(code: Lexemes): InsertScript['maxDop'] {
  const at = code.findIndex((l) => isWord(l, 'MAXDOP'))
  const value = at === -1 ? undefined : code[at + 1]
  if (value === undefined) return null
  if (value.kind === 'name' && value.value.toLowerCase() === 'maxdop') return 'MaxDOP'
  return value.kind === 'number' && /^\d+$/.test(value.value) ? Number(value.value) : null
}

/** Steps through lexemes. */
class Reader {
  readonly #text: string
  readonly #code: Lexemes
  place = 0

  constructor(text: string, code: Lexemes) {
    this.#text = text
    this.#code = code
  }

  get done(): boolean {
    return this.place >= this.#code.length
  }

  get #next(): TsqlLexeme | undefined {
    return this.#code[this.place]
  }

  is(word: string): boolean {
    return isWord(this.#next, word)
  }

  at(sign: string): boolean {
    return this.#next?.kind === 'sign' && this.#next.value === sign
  }

  takes(word: string): boolean {
    if (!this.is(word)) return false
    this.place += 1
    return true
  }

  expect(word: string): void {
    if (!this.takes(word)) throw new ScriptError(`${word} is expected where ${this.#found()} stands`)
  }

  #found(): string {
    return this.#next === undefined ? 'its end' : this.#text.slice(this.#next.start, this.#next.end)
  }

  skipBrackets(): void {
    if (!this.at('(')) throw new ScriptError(`a bracket is expected where ${this.#found()} stands`)
    this.place = closing(this.#code, this.place) + 1
  }

  /** A name's own text: words keep their case. */
  part(): string {
    const lexeme = this.#next
    if (lexeme === undefined || (lexeme.kind !== 'word' && lexeme.kind !== 'name'))
      throw new ScriptError(`a name is expected where ${this.#found()} stands`)
    this.place += 1
    return lexeme.kind === 'name' ? lexeme.value : this.#text.slice(lexeme.start, lexeme.end)
  }

  name(): readonly string[] {
    const parts = [this.part()]
    while (this.at('.')) {
      this.place += 1
      parts.push(this.part())
    }
    return parts
  }

  names(): readonly string[] {
    const end = closing(this.#code, this.place)
    const columns: string[] = []
    for (this.place += 1; this.place < end; ) {
      columns.push(this.part())
      if (this.at(',')) this.place += 1
    }
    this.place = end + 1
    return columns
  }

  table(): Pick<FromTable, 'name' | 'alias'> {
    if (this.at('(')) throw new ScriptError('it selects from a SELECT in brackets')
    const name = this.name()
    this.takes('AS')
    const next = this.#next
    const named =
      next !== undefined &&
      (next.kind === 'name' || (next.kind === 'word' && next.value !== 'WITH' && next.value !== 'ON')) &&
      !(next.kind === 'word' && JOIN_WORDS.has(next.value))
    const alias = named ? this.part() : (name.at(-1) ?? '')
    if (this.takes('WITH')) this.skipBrackets()
    return { name, alias }
  }

  join(): 'inner' | 'left' {
    const words: string[] = []
    while (this.#next?.kind === 'word' && JOIN_WORDS.has(this.#next.value)) {
      words.push(this.#next.value)
      this.place += 1
    }
    if (words.at(-1) !== 'JOIN') throw new ScriptError(`JOIN is expected where ${this.#found()} stands`)
    if (words.some((w) => w === 'RIGHT' || w === 'FULL' || w === 'CROSS'))
      throw new ScriptError(`it has a ${words.join(' ')}`)
    return words.includes('LEFT') ? 'left' : 'inner'
  }

  /** Up to what ends it outside of brackets. */
  until(ends: (lexeme: TsqlLexeme) => boolean): Lexemes {
    const rest = this.#code.slice(this.place)
    const all = depths(rest)
    const end = rest.findIndex((l, i) => all[i] === 0 && ends(l))
    const taken = end === -1 ? rest : rest.slice(0, end)
    this.place += taken.length
    return taken
  }
}
