/**
 * SQL as a type: text that is safe to send. Only `ident`, `param`, `sql`, `joined` and `catalogText` make it, so a
 * bare string, such as a column name from somebody else's system, does not fit into a statement.
 */
declare const sqlText: unique symbol

export interface Sql {
  readonly text: string
  readonly params: readonly unknown[]
  readonly [sqlText]: true
}

const make = (text: string, params: readonly unknown[]): Sql => ({ text, params }) as unknown as Sql

/** A value, bound. */
export const param = (value: string | bigint | boolean | null): Sql => make('?', [typeof value === 'bigint' ? value.toString() : value])

/** Names, quoted the one way that SQL and DuckDB share; SQL Server brings its own `quote`. */
export const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A path of names, outermost first. */
export const ident = (...path: readonly string[]): Sql => make(path.map(doubleQuoted).join('.'), [])

/** Text that the database's own catalog printed, such as a type's name. Never anything a person or a row said. */
export const catalogText = (text: string): Sql => make(text, [])

export const sql = (parts: TemplateStringsArray, ...holes: readonly Sql[]): Sql =>
  make(
    parts.reduce((out, part, i) => out + (holes[i - 1]?.text ?? '') + part),
    holes.flatMap((h) => h.params),
  )

export const EMPTY: Sql = make('', [])

/** Items with a separator between them; `whenNone` where there are none. */
export function joined(items: readonly Sql[], separator: ', ' | ' AND ' | ' OR ' | '\n' | '\nUNION ALL\n', whenNone: Sql = EMPTY): Sql {
  if (items.length === 0) return whenNone
  return make(items.map((i) => i.text).join(separator), items.flatMap((i) => i.params))
}

/** For people: parameters written in, as comments would be. Never sent. */
export function printable(statement: Sql): string {
  let n = 0
  return statement.text.replace(/\?|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (token) => {
    if (token !== '?') return token
    const value = statement.params[n++]
    return value === null ? 'NULL' : typeof value === 'boolean' ? String(value) : `'${String(value).replaceAll("'", "''")}'`
  })
}
