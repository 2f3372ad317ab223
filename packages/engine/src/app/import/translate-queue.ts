/**
 * The script by which one table's parents are queued. A tree has no queue of its own: its step `ancestors` finds every
 * missing parent of what is captured. So a script may say in its own words what that does, and else is left to a person.
 * Pure.
 */
import type { Difference } from './difference.ts'
import { COUNTED } from './installation-names.ts'
import { ScriptError } from './parse-script.ts'
import type { InstalledRow } from './read-installation.ts'
import { PARENT, roleIn, type ScriptNames } from './script-meaning.ts'
import { isOn } from './translate-errors.ts'
import type { LeftScript } from './translate-scripts.ts'
import { readTsql, TsqlError, type TsqlLexeme } from './tsql-lexeme.ts'

export interface TranslatedQueue {
  readonly left: readonly LeftScript[]
  readonly differences: readonly Difference[]
}

/** `differences`: what a flow does without the scripts of its table. */
export function translateQueue(
  rows: readonly InstalledRow<'queueScript'>[],
  table: string,
  names: ScriptNames,
  subject: string,
): TranslatedQueue {
  const texts = rows
    .filter((row) => row.table === null || fold(row.table) === fold(table))
    .filter((row) => row.active === null || isOn(row.active))
    .flatMap((row) => (row.body === null || row.body.trim() === '' ? [] : [row.body]))
  const left: LeftScript[] = []
  for (const text of texts)
    try {
      refuseOther(text, names)
    } catch (error) {
      if (!(error instanceof ScriptError) && !(error instanceof TsqlError)) throw error
      left.push({ step: 'ancestors (queue)', text, why: error.message })
    }
  const taken = texts.length - left.length
  return {
    left,
    differences: [
      ...(taken === 0 ? [] : [aboutTaken(subject)]),
      ...left.map(({ why }): Difference => aboutLeft(why, subject)),
    ],
  }
}

const fold = (text: string): string => text.toLowerCase()

const aboutTaken = (subject: string): Difference => ({
  kind: 'behaviour',
  subject,
  was: 'a script of its own queues the parents that are missing',
  now: 'the step ancestors finds all missing parents of what is captured, however deep: the script is not run',
})

const aboutLeft = (why: string, subject: string): Difference => ({
  kind: 'refused',
  subject,
  was: `the script that queues its parents: ${why}`,
  now: 'the task is switched off, and the script stands below the YAML: a tree has no queue, its step ancestors finds all missing parents of what is captured. Where no more is asked for, take active: false out; rows that are to come besides are a flow of their own',
})

/** what would do more than relate tables, or leave rows out */
const OTHERS = /^(?:INSERT|SELECT|UPDATE|DELETE|MERGE|EXEC|EXECUTE|DECLARE|SET|IF|WHILE|CREATE|DROP|TRUNCATE|TOP)$/
/** what a table follows */
const NAMES = /^(?:INTO|FROM|JOIN|APPLY)$/
const QUEUES: readonly string[] = COUNTED.queue.map(fold)

/**
 * Throws where it is not one INSERT into the queue, of what the rows of source, target, metadata and units say of one
 * another alone: a value of its own, or another table, may leave parents out or bring rows besides.
 */
function refuseOther(text: string, names: ScriptNames): void {
  const code = readTsql(text)
  if (!isWord(code[0], 'INSERT')) throw new ScriptError('it does not begin with INSERT')
  const tables = code.flatMap((lexeme, i) =>
    lexeme.kind === 'word' && NAMES.test(lexeme.value) ? [nameAt(text, code, i + 1)] : [],
  )
  const [into, ...others] = tables
  if (into === undefined || !isQueue(into)) throw new ScriptError(`it inserts into ${into?.join('.') ?? 'no table'}`)
  for (const name of others)
    if (!isQueue(name) && roleIn(name, names) === null) throw new ScriptError(`it reads ${name.join('.')}`)
  const from = code.findIndex((lexeme) => isWord(lexeme, 'FROM'))
  for (const [i, lexeme] of code.entries()) {
    const said = text.slice(lexeme.start, lexeme.end)
    if (i > 0 && lexeme.kind === 'word' && OTHERS.test(lexeme.value) && !mayStand(code, i))
      throw new ScriptError(`it has a ${said} of its own`)
    if (lexeme.kind === 'text' || (lexeme.kind === 'number' && !/^[01]$/.test(lexeme.value)))
      throw new ScriptError(`it asks for ${said}`)
    if (i > from && lexeme.value === ',' && lexeme.kind === 'sign') throw new ScriptError('it lists tables or values')
  }
  if (!code.some(({ value }) => fold(value) === PARENT)) throw new ScriptError(`it does not ask for ${PARENT}`)
}

const isWord = (lexeme: TsqlLexeme | undefined, value: string): boolean =>
  lexeme?.kind === 'word' && lexeme.value === value

/** The SELECT that the INSERT takes, and those in brackets. */
function mayStand(code: readonly TsqlLexeme[], at: number): boolean {
  if (!isWord(code[at], 'SELECT')) return false
  return code[at - 1]?.value === '(' || !code.slice(0, at).some((lexeme) => isWord(lexeme, 'SELECT'))
}

const isQueue = (name: readonly string[]): boolean => QUEUES.includes(fold(name.at(-1) ?? ''))

function nameAt(text: string, code: readonly TsqlLexeme[], at: number): readonly string[] {
  const parts: string[] = []
  for (let i = at; i < code.length; i += 2) {
    const part = code[i]
    if (part === undefined || (part.kind !== 'word' && part.kind !== 'name')) break
    parts.push(part.kind === 'name' ? part.value : text.slice(part.start, part.end))
    if (code[i + 1]?.value !== '.') break
  }
  return parts
}
