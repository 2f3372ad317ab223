/**
 * SQL of a person's own for a step: text, with `:name` where a value is bound and `{name}` where a table stands. Literals,
 * quoted names and comments are text whatever they hold, and a `::` is a cast. Square brackets quote nothing here: they
 * are lists in the databases that are built.
 */
import { type Lexeme, readLexeme } from './sql-lexeme.ts'

export const TEMPLATE_PARAMETERS = ['after', 'up_to', 'batch_size'] as const
export const TEMPLATE_TOKENS = ['source', 'target', 'batch', 'queue'] as const
export type TemplateToken = (typeof TEMPLATE_TOKENS)[number]

export type TemplatePiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: (typeof TEMPLATE_PARAMETERS)[number] }
  /** the value of a scope parameter */
  | { readonly kind: 'scope'; readonly name: string }
  | { readonly kind: 'token'; readonly name: TemplateToken }
  /** a table that the flow joins, by its alias */
  | { readonly kind: 'join'; readonly name: string }

/** Without a semicolon at its end, and never ending inside a comment: it can stand in brackets. */
export interface StepTemplate {
  readonly pieces: readonly TemplatePiece[]
}

export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** a word that was not known, and the ones that are: for "did you mean" */
  readonly given: string | null
  readonly candidates: readonly string[]

  constructor(
    text: string,
    at: number,
    message: string,
    given: string | null = null,
    candidates: readonly string[] = [],
  ) {
    const before = text.slice(0, at).split('\n')
    super(`${message}, at line ${before.length}, character ${(before.at(-1)?.length ?? 0) + 1} of the template`)
    this.given = given
    this.candidates = candidates
  }
}

/** The names of a flow that its templates may use. */
export interface TemplateNames {
  readonly scopes: readonly string[]
  /** aliases of its joins */
  readonly joins: readonly string[]
}

/** Throws a TemplateError. */
export function parseTemplate(text: string, names: TemplateNames): StepTemplate {
  const pieces: TemplatePiece[] = []
  const code: Lexeme[] = []
  let end: Lexeme | null = null
  let lineComment = false
  for (let at = 0; at < text.length; ) {
    const lexeme = readLexeme(text, at)
    if (lexeme.kind === 'open') throw new TemplateError(text, at, `the ${lexeme.what} that starts here has no end`)
    at = lexeme.end
    lineComment = lexeme.kind === 'comment' && lexeme.text.startsWith('--')
    if (lexeme.kind === 'semicolon') end ??= lexeme
    else if (lexeme.kind !== 'space' && lexeme.kind !== 'comment') {
      if (end !== null)
        throw new TemplateError(text, end.at, 'a template is one statement: another begins after this ;')
      code.push(lexeme)
    }
    if (lexeme.kind !== 'semicolon') append(pieces, pieceOf(text, lexeme, names))
  }
  checkStatement(text, code)
  if (lineComment && !text.endsWith('\n')) append(pieces, { kind: 'text', text: '\n' })
  return { pieces }
}

function append(pieces: TemplatePiece[], piece: TemplatePiece): void {
  const last = pieces.at(-1)
  if (piece.kind !== 'text' || last?.kind !== 'text') pieces.push(piece)
  else pieces[pieces.length - 1] = { kind: 'text', text: last.text + piece.text }
}

function pieceOf(text: string, lexeme: Lexeme, { scopes, joins }: TemplateNames): TemplatePiece {
  if (lexeme.kind === 'foreign') {
    throw new TemplateError(
      text,
      lexeme.at,
      `"${lexeme.text}" is no parameter here: values are bound by name, as :after`,
    )
  }
  if (lexeme.kind === 'parameter') {
    const name = lexeme.text.slice(1)
    const known = TEMPLATE_PARAMETERS.find((parameter) => parameter === name)
    if (known !== undefined) return { kind: 'param', name: known }
    const scope = scopes.find((s) => `scope_${s}` === name) ?? scopes.find((s) => parameterOf(s) === name)
    if (scope !== undefined) return { kind: 'scope', name: scope }
    const candidates = [...TEMPLATE_PARAMETERS, ...scopes.map(parameterOf)]
    const what = name.startsWith('scope_') ? 'is no scope parameter of this flow' : 'is no parameter'
    const list = candidates.map((candidate) => `:${candidate}`).join(', ')
    throw new TemplateError(text, lexeme.at, `:${name} ${what}; there are ${list}`, name, candidates)
  }
  if (lexeme.kind === 'token') {
    const name = lexeme.text.slice(1, -1).trim()
    const known = TEMPLATE_TOKENS.find((token) => token === name)
    if (known !== undefined) return { kind: 'token', name: known }
    if (joins.includes(name)) return { kind: 'join', name }
    const tokens = [...TEMPLATE_TOKENS, ...joins]
    const list = tokens.map((token) => `{${token}}`).join(', ')
    throw new TemplateError(text, lexeme.at, `{${name}} is no token; there are ${list}`, name, tokens)
  }
  return { kind: 'text', text: lexeme.text }
}

/** A scope parameter may hold a -, the name of a bound value cannot. */
const parameterOf = (scope: string): string => `scope_${scope.replaceAll('-', '_')}`

const STARTS = new Set(['SELECT', 'WITH'])
const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** One SELECT, that changes nothing. */
function checkStatement(text: string, code: readonly Lexeme[]): void {
  const [first] = code
  const word = (lexeme: Lexeme | undefined): string => (lexeme?.kind === 'word' ? lexeme.text.toUpperCase() : '')
  if (!STARTS.has(word(first))) {
    const found = first === undefined ? 'it is empty' : `it starts with ${first.text}`
    throw new TemplateError(text, first?.at ?? 0, `a template is a SELECT, or a WITH that ends in one: ${found}`)
  }
  const open: Lexeme[] = []
  for (const [i, lexeme] of code.entries()) {
    const changes = CHANGES.has(word(lexeme)) && startsStatement(code[i - 1], code[i + 1])
    if (changes || word(lexeme) === 'INTO')
      throw new TemplateError(text, lexeme.at, `a template only selects: ${lexeme.text} would change something`)
    if (lexeme.text === '(') open.push(lexeme)
    else if (lexeme.text === ')' && open.pop() === undefined)
      throw new TemplateError(text, lexeme.at, 'a bracket ends that was never opened')
  }
  const last = open.at(-1)
  if (last !== undefined) throw new TemplateError(text, last.at, 'the bracket that starts here has no end')
}

/** `( DELETE FROM`, and the statement after a WITH; `count(delete)` is a column. */
const startsStatement = (before: Lexeme | undefined, after: Lexeme | undefined): boolean =>
  (before?.text === '(' || before?.text === ')') &&
  (after?.kind === 'word' || after?.kind === 'quoted' || after?.kind === 'token')
