/**
 * SQL as a type: text that is safe to send. Only `ident`, `param`, `sql`, `joined`, `catalogText` and
 * `templateText` make it, so a bare string, such as a column name from somebody else's system, does not fit into a statement.
 */
import type { TemplatePiece } from '@tidemark/contract/step-template'
import { Secret } from '../runtime/secret.ts'

declare const sqlText: unique symbol

export type ParamValue = string | boolean | null | Secret

/** A name, quoted when the statement becomes text: each database has a way of its own. */
interface NamePart {
  readonly name: string
}
interface ValuePart {
  readonly value: ParamValue
}

export interface Sql {
  /** text, and between it names and values */
  readonly parts: readonly (string | NamePart | ValuePart)[]
  readonly [sqlText]: true
}

const make = (...parts: Sql['parts']): Sql => ({ parts }) as unknown as Sql

/** A value, bound. */
export const param = (value: string | bigint | boolean | null): Sql =>
  make({ value: typeof value === 'bigint' ? value.toString() : value })

/** A value that is sent, and printed as [secret]. */
export const secretParam = (value: Secret): Sql => make({ value })

/** A whole number of our own counting, written into the text: an optimizer skips by what it can see. */
export const whole = (n: bigint): Sql => make(n.toString())

/** A text written into the statement, quoted: for what takes no parameter, such as the arguments of a table function. */
export const textLiteral = (text: string): Sql => make(`'${text.replaceAll("'", "''")}'`)

/** A path of names, outermost first. */
export const ident = (...path: readonly string[]): Sql =>
  make(...path.flatMap((name, i) => (i === 0 ? [{ name }] : ['.', { name }])))

/** Text that the database's own catalog printed, such as a type's name. Never anything a person or a row said. */
export const catalogText = (text: string): Sql => make(text)

/** Text of a person's SELECT as the tokenizer left it: no values, no parameters, every quote and bracket closed. */
export const templateText = (piece: Extract<TemplatePiece, { readonly kind: 'text' }>): Sql => make(piece.text)

/** Items one after the other, with text before, between and after them. */
const woven = (texts: readonly string[], items: readonly Sql[]): Sql =>
  make(texts[0] ?? '', ...items.flatMap((item, i) => [...item.parts, texts[i + 1] ?? '']))

export const sql = (parts: TemplateStringsArray, ...holes: readonly Sql[]): Sql => woven(parts, holes)

export const EMPTY: Sql = make()

/** Items with a separator between them; `whenNone` where there are none. */
export function joined(
  items: readonly Sql[],
  separator: '' | ', ' | ' AND ' | ' OR ' | ' + ' | '\n' | '\nUNION ALL\n' | '\nUNION ALL BY NAME\n',
  whenNone: Sql = EMPTY,
): Sql {
  return items.length === 0 ? whenNone : woven(['', ...items.slice(1).map(() => separator), ''], items)
}

/** How a database writes what is no plain text of a statement. */
export interface SqlStyle {
  name(name: string): string
  /** the `n`-th value, counted from 1 */
  param(n: number): string
  /** a value as it is printed for people */
  literal(value: string | boolean | null): string
}

/** Names, quoted the one way that SQL and DuckDB share. */
export const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Of DuckDB and PostgreSQL. Parameters are numbered: a bare `?` is numbered in the order in which a parser happens to
 * visit it, which for `x AT TIME ZONE ?` is not the order of the text.
 */
const STANDARD: SqlStyle = {
  name: doubleQuoted,
  param: (n) => `$${n}`,
  literal: (value) =>
    value === null
      ? 'NULL'
      : typeof value === 'boolean'
        ? String(value).toUpperCase()
        : `'${value.replaceAll("'", "''")}'`,
}

/** `ofValue`: the text in a value's place. */
const written = ({ parts }: Sql, style: SqlStyle, ofValue: (value: ParamValue) => string): string =>
  parts
    .map((part) => (typeof part === 'string' ? part : 'name' in part ? style.name(part.name) : ofValue(part.value)))
    .join('')

/** The text to send, with numbered parameters. */
export function textOf(statement: Sql, style: SqlStyle = STANDARD): string {
  let n = 0
  return written(statement, style, () => style.param(++n))
}

/** The values of the statement, in the order of their numbers. */
export const paramsOf = ({ parts }: Sql): readonly ParamValue[] =>
  parts.flatMap((part) => (typeof part === 'object' && 'value' in part ? [part.value] : []))

/** The parameters to send, secrets opened. */
export const valuesOf = (statement: Sql): readonly (string | boolean | null)[] =>
  paramsOf(statement).map((value) => (value instanceof Secret ? value.reveal() : value))

/** The values written in as `literal` says, for what takes no parameters. */
export const inlinedAs = (statement: Sql, literal: (value: ParamValue) => string, style: SqlStyle = STANDARD): string =>
  written(statement, style, literal)

/** For people: the parameters written in. Never sent. */
export const printable = (statement: Sql, style: SqlStyle = STANDARD): string =>
  written(statement, style, (value) => (value instanceof Secret ? value.toString() : style.literal(value)))
