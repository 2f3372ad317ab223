/** The values that a script computes, as a template for the batches of its step. Pure. */
import { parseTemplate, TemplateError } from '@tidemark/contract/step-template'
import { type InsertScript, type Lexemes, ScriptError } from './parse-script.ts'
import { type Column, columnAt, onlyColumn } from './script-conditions.ts'

/** What an alias of the script is to a flow: its own table, one that it joins by that name, or nothing it may read. */
export type Read = 'source' | { readonly join: string } | null

export interface TemplateOf {
  readonly script: InsertScript
  readonly key: string
  readonly readIn: (alias: string) => Read
  /** a column's name, where a token stands for it */
  readonly real: (column: string) => string
  /** false: rows may come that joined tables do not have */
  readonly mayJoin: boolean
}

const BATCH = 'tidemark_batch'
const fold = (text: string): string => text.toLowerCase()

/** A SELECT of the target's columns for the keys of a batch; null where each comes as it stands. Throws a ScriptError. */
export function batchTemplate(of: TemplateOf): string | null {
  const { text, columns, values } = of.script
  const asItStands = (code: Lexemes, i: number): boolean => {
    const column = onlyColumn(text, code)
    return column !== null && of.readIn(column.alias) === 'source' && fold(column.column) === fold(columns[i] ?? '')
  }
  if (values.every(asItStands)) return null
  const items = values.map((code, i) => `${written(of, withoutName(code))} AS ${bracketed(columns[i] ?? '')}`)
  return sound(of, [`SELECT ${items.join(',\n  ')}`, ...tables(of)].join('\n'))
}

function tables(of: TemplateOf): readonly string[] {
  const { script, key } = of
  const used = new Map(script.values.flatMap((code) => columnsIn(script.text, code)).map((c) => [fold(c.alias), c]))
  for (const { alias } of used.values()) {
    const read = of.readIn(alias)
    if (read === null) throw new ScriptError(`it takes values from ${alias}`)
    if (read !== 'source' && !of.mayJoin)
      throw new ScriptError('it takes values of parents from a table that need not have them')
  }
  const joined = script.tables.flatMap((t) => {
    const read = used.has(fold(t.alias)) ? of.readIn(t.alias) : null
    if (read === null || read === 'source') return []
    return [`JOIN {${read.join}} ${bracketed(t.alias)} ON ${t.on.map((code) => written(of, code)).join(' AND ')}`]
  })
  const source = bracketed(script.tables[0]?.alias ?? '')
  const column = bracketed(key)
  return [`FROM {source} ${source}`, ...joined, `JOIN {batch} ${BATCH} ON ${BATCH}.${column} = ${source}.${column}`]
}

function columnsIn(text: string, code: Lexemes): readonly Column[] {
  if (code.some((lexeme) => lexeme.kind === 'variable')) throw new ScriptError('it computes with parameters')
  return code.flatMap((_, at) => {
    const column = code[at - 1]?.value === '.' ? null : columnAt(text, code, at)
    return column === null ? [] : [column]
  })
}

/** As it stands, without comments and with the columns that tokens stand for. */
function written({ script, real }: TemplateOf, code: Lexemes): string {
  return code.reduce((text, lexeme, i) => {
    const gap = i === 0 || code[i - 1]?.end === lexeme.start ? '' : ' '
    const name = lexeme.kind === 'name' ? real(lexeme.value) : null
    return text + gap + (name === null ? script.text.slice(lexeme.start, lexeme.end) : bracketed(name))
  }, '')
}

/** Without `AS name` behind a value. */
function withoutName(code: Lexemes): Lexemes {
  const as = code.findLastIndex((l) => l.kind === 'word' && l.value === 'AS')
  return as !== -1 && as === code.length - 2 ? code.slice(0, as) : code
}

const bracketed = (name: string): string => `[${name.replaceAll(']', ']]')}]`

function sound(of: TemplateOf, template: string): string {
  const joins = of.script.tables.flatMap(({ alias }) => {
    const read = of.readIn(alias)
    return read === null || read === 'source' ? [] : [read.join]
  })
  try {
    parseTemplate(template, { scopes: [], joins })
    return template
  } catch (error) {
    if (error instanceof TemplateError) throw new ScriptError(`as a template of ours it is wrong: ${error.message}`)
    throw error
  }
}
