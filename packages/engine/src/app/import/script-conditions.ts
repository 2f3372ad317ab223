/** Conditions of a script in the words of `where`, where those have words for them. Pure. */
import { formatColumnRef } from '@tidemark/contract/table-name'
import type { JsonMap } from '../../definition/canonical.ts'
import type { Lexemes } from './parse-script.ts'
import type { TsqlLexeme } from './tsql-lexeme.ts'

export interface Column {
  readonly alias: string
  readonly column: string
}

/** `alias.column` that the lexemes begin with; null: something else. */
export function columnAt(text: string, code: Lexemes, at = 0): Column | null {
  const [alias, dot, column] = code.slice(at, at + 3)
  if (!isName(alias) || dot?.value !== '.' || !isName(column) || code[at + 3]?.value === '.') return null
  return { alias: nameOf(text, alias), column: nameOf(text, column) }
}

const isName = (lexeme: TsqlLexeme | undefined): lexeme is TsqlLexeme =>
  lexeme?.kind === 'name' || lexeme?.kind === 'word'

const nameOf = (text: string, { kind, value, start, end }: TsqlLexeme): string =>
  kind === 'name' ? value : text.slice(start, end)

/** The whole of it is `alias.column`. */
export const onlyColumn = (text: string, code: Lexemes): Column | null =>
  code.length === 3 ? columnAt(text, code) : null

/** Both sides of `a.x = b.y`; null: something else. */
export function equalColumns(text: string, code: Lexemes): readonly [Column, Column] | null {
  if (code.length !== 7 || code[3]?.value !== '=') return null
  const [left, right] = [columnAt(text, code), columnAt(text, code, 4)]
  return left === null || right === null ? null : [left, right]
}

const COMPARED: Readonly<Record<string, string>> = {
  '=': 'equals',
  '<>': 'not_equals',
  '!=': 'not_equals',
  '<': 'less_than',
  '<=': 'at_most',
  '>': 'greater_than',
  '>=': 'at_least',
  '!>': 'at_most',
  '!<': 'at_least',
}

/** What a condition asks of a column, or null where `where` cannot say it. `name`: the column as the flow calls it. */
export function conditionOf(
  text: string,
  code: Lexemes,
  name: (column: Column) => string | null,
): readonly JsonMap[] | null {
  const given = columnAt(text, code)
  const column = given === null ? null : name(given)
  if (column === null) return null
  const rest = code.slice(3)
  const [first, second, third] = rest
  const words = rest
    .map((l) => (l.kind === 'word' ? l.value : ''))
    .join(' ')
    .trim()
  if (words === 'IS NULL') return [{ column, is_null: true }]
  if (words === 'IS NOT NULL') return [{ column, is_null: false }]
  if (first?.value === 'BETWEEN') return between(column, rest)
  if (first?.value === 'IN') return inList(column, 'in', rest.slice(1))
  if (first?.value === 'NOT' && second?.value === 'IN') return inList(column, 'not_in', rest.slice(2))
  const test = first?.kind === 'sign' ? COMPARED[first.value] : undefined
  const value = third === undefined ? literal(rest.slice(1)) : literal(rest.slice(1, 3))
  return test === undefined || value === null || rest.length > 3 ? null : [{ column, [test]: value }]
}

function between(column: string, rest: Lexemes): readonly JsonMap[] | null {
  const and = rest.findIndex((l) => l.kind === 'word' && l.value === 'AND')
  const [from, to] = [literal(rest.slice(1, and)), literal(rest.slice(and + 1))]
  return and === -1 || from === null || to === null
    ? null
    : [
        { column, at_least: from },
        { column, at_most: to },
      ]
}

function inList(column: string, test: 'in' | 'not_in', rest: Lexemes): readonly JsonMap[] | null {
  if (rest[0]?.value !== '(' || rest.at(-1)?.value !== ')') return null
  const parts = rest.slice(1, -1).filter((l) => l.value !== ',' || l.kind !== 'sign')
  const values = parts.map((l) => literal([l]))
  const known = values.filter((v) => v !== null)
  return known.length === values.length && known.length > 0 ? [{ column, [test]: known }] : null
}

/** The text of a value; null: it is none. */
function literal(code: Lexemes): string | null {
  const [first, second] = code
  if (code.length === 1 && (first?.kind === 'text' || (first?.kind === 'number' && !/^0x/i.test(first.value))))
    return first.value
  if (code.length === 2 && first?.value === '-' && second?.kind === 'number') return `-${second.value}`
  return null
}

/** As a flow names a column: its own table's alone, others by their alias. */
export const referenceTo = (alias: string | null, column: string): string => formatColumnRef({ table: alias, column })
