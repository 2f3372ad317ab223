/**
 * SQL as a type: text that is safe to send. Only `ident`, `bracketIdent`, `param`, `sql`, `joined`, `catalogText` and
 * `templateText` make it, so a bare string, such as a column name from somebody else's system, does not fit into a statement.
 */
import type { TemplatePiece } from '@tidemark/contract/step-template'
import { Secret } from '../runtime/secret.ts'

declare const sqlText: unique symbol

export type ParamValue = string | boolean | null | Secret

export interface Sql {
  /** the text around the parameters: one more piece than there are parameters */
  readonly pieces: readonly string[]
  readonly params: readonly ParamValue[]
  readonly [sqlText]: true
}

const make = (pieces: readonly string[], params: Sql['params']): Sql => ({ pieces, params }) as unknown as Sql

/** A value, bound. */
export const param = (value: string | bigint | boolean | null): Sql =>
  make(['', ''], [typeof value === 'bigint' ? value.toString() : value])

/** A value that is sent, and printed as [secret]. */
export const secretParam = (value: Secret): Sql => make(['', ''], [value])

/** A whole number of our own counting, written into the text: an optimizer skips by what it can see. */
export const whole = (n: bigint): Sql => make([n.toString()], [])

/** A text written into the statement, quoted: for what takes no parameter, such as the arguments of a table function. */
export const textLiteral = (text: string): Sql => make([`'${text.replaceAll("'", "''")}'`], [])

/** Names, quoted the one way that SQL and DuckDB share. */
export const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** As SQL Server quotes names. */
export const bracketed = (name: string): string => `[${name.replaceAll(']', ']]')}]`

/** A path of names, outermost first, as SQL Server quotes them; an empty one is left out between its dots: `db..t`. */
export const bracketIdent = (...path: readonly string[]): Sql =>
  make([path.map((name) => (name === '' ? '' : bracketed(name))).join('.')], [])

/** A path of names, outermost first. */
export const ident = (...path: readonly string[]): Sql => make([path.map(doubleQuoted).join('.')], [])

/** Text that the database's own catalog printed, such as a type's name. Never anything a person or a row said. */
export const catalogText = (text: string): Sql => make([text], [])

/** Text of a person's SELECT as the tokenizer left it: no values, no parameters, every quote and bracket closed. */
export const templateText = (piece: Extract<TemplatePiece, { readonly kind: 'text' }>): Sql => make([piece.text], [])

/** Items one after the other, with text before, between and after them. */
function woven(texts: readonly string[], items: readonly Sql[]): Sql {
  const pieces = [texts[0] ?? '']
  for (const [i, item] of items.entries()) {
    const [first = '', ...rest] = item.pieces
    pieces[pieces.length - 1] += first
    pieces.push(...rest)
    pieces[pieces.length - 1] += texts[i + 1] ?? ''
  }
  return make(
    pieces,
    items.flatMap((item) => item.params),
  )
}

export const sql = (parts: TemplateStringsArray, ...holes: readonly Sql[]): Sql => woven(parts, holes)

export const EMPTY: Sql = make([''], [])

/** Items with a separator between them; `whenNone` where there are none. */
export function joined(
  items: readonly Sql[],
  separator: '' | ', ' | ' AND ' | ' OR ' | ' + ' | '\n' | '\nUNION ALL\n' | '\nUNION ALL BY NAME\n',
  whenNone: Sql = EMPTY,
): Sql {
  return items.length === 0 ? whenNone : woven(['', ...items.slice(1).map(() => separator), ''], items)
}

/**
 * The text to send, with numbered parameters. A bare `?` is numbered in the order in which a parser happens to visit
 * it, which for `x AT TIME ZONE ?` is not the order of the text.
 */
export const textOf = (statement: Sql, prefix: '$' | '@p' = '$'): string =>
  statement.pieces.reduce((out, piece, i) => `${out}${prefix}${i}${piece}`)

/** The parameters to send, secrets opened. */
export const valuesOf = (statement: Sql): readonly (string | boolean | null)[] =>
  statement.params.map((value) => (value instanceof Secret ? value.reveal() : value))

/** For people: the parameters written in. Never sent. */
export const printable = (statement: Sql): string =>
  statement.pieces.reduce((out, piece, i) => out + literal(statement.params[i - 1] ?? null) + piece)

const literal = (value: ParamValue): string =>
  value === null || value instanceof Secret
    ? (value?.toString() ?? 'NULL')
    : typeof value === 'boolean'
      ? String(value).toUpperCase()
      : `'${value.replaceAll("'", "''")}'`
