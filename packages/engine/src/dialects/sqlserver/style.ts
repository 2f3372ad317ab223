/** How T-SQL writes names and values. */
import { inlinedAs, printable, type Sql, type SqlStyle, textOf } from '../sql-text.ts'

/** Quoted with brackets; an empty name stands between its dots by itself: `db..table`. */
export const bracketed = (name: string): string => (name === '' ? '' : `[${name.replaceAll(']', ']]')}]`)

/** A backslash before a line's end would join the two lines. */
const quoted = (text: string): string => `N'${text.replaceAll("'", "''").replaceAll(/\\(\r?\n)/g, "\\' + N'$1")}'`

export const TSQL: SqlStyle = {
  name: bracketed,
  param: (n) => `@p${n}`,
  literal: (value) => (value === null ? 'NULL' : typeof value === 'boolean' ? (value ? '1' : '0') : quoted(value)),
}

/** The text to send; parameters are `@p1`, `@p2`, … */
export const tsql = (statement: Sql): string => textOf(statement, TSQL)

/** For people: the parameters written in. Never sent. */
export const printed = (statement: Sql): string => printable(statement, TSQL)

/** A name as `OBJECT_ID` takes it, quoted as a text. */
export const nameLiteral = (name: Sql): string => quoted(inlinedAs(name, () => '', TSQL))
