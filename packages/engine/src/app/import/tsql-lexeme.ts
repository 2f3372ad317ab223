/** The smallest reading of T-SQL that tells its words, names, literals and brackets apart, without blanks and comments. */

export interface TsqlLexeme {
  readonly kind:
    | 'word'
    /** `[name]` or `"name"` */
    | 'name'
    /** `'text'` or `N'text'` */
    | 'text'
    | 'number'
    /** `@name` */
    | 'variable'
    | 'sign'
  /** of a word in upper case, of a name and a text what is inside, of all others as it stands */
  readonly value: string
  /** place in the script: `start` to `end`, exclusive */
  readonly start: number
  readonly end: number
}

/** The script is not closed: a text, a name or a comment has no end. */
export class TsqlError extends Error {
  override readonly name = 'TsqlError'
}

type Form = readonly [kind: TsqlLexeme['kind'] | 'blank', form: RegExp, value?: (text: string) => string]

const FORMS: readonly Form[] = [
  ['blank', /\s+|--[^\n]*/y],
  ['text', /[nN]?'(?:[^']|'')*'/y, (t) => t.slice(t.indexOf("'") + 1, -1).replaceAll("''", "'")],
  ['name', /\[(?:[^\]]|\]\])*\]/y, (t) => t.slice(1, -1).replaceAll(']]', ']')],
  ['name', /"(?:[^"]|"")*"/y, (t) => t.slice(1, -1).replaceAll('""', '"')],
  ['number', /0[xX][0-9a-fA-F]*|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+/y],
  ['variable', /@@?[\p{L}\p{N}_$#@]+/uy],
  ['word', /[\p{L}_#][\p{L}\p{N}_$#@]*/uy, (t) => t.toUpperCase()],
  ['sign', /<>|<=|>=|!=|!<|!>|[^\s]/uy],
]
const OPENS: readonly (readonly [form: RegExp, what: string])[] = [
  [/[nN]?'/y, 'a text'],
  [/\[/y, 'a name'],
  [/"/y, 'a name'],
]

/** Throws a TsqlError. */
export function readTsql(script: string): readonly TsqlLexeme[] {
  const lexemes: TsqlLexeme[] = []
  for (let at = 0; at < script.length; ) {
    if (script.startsWith('/*', at)) {
      at = endOfComment(script, at)
      continue
    }
    const [kind, text, value] = readForm(script, at)
    if (kind !== 'blank') lexemes.push({ kind, value: value(text), start: at, end: at + text.length })
    at += text.length
  }
  return lexemes
}

const same = (text: string): string => text

function readForm(script: string, at: number): readonly [Form[0], string, (text: string) => string] {
  for (const [kind, form, value = same] of FORMS) {
    form.lastIndex = at
    const text = form.exec(script)?.[0]
    if (text === undefined) continue
    const open = kind === 'sign' || kind === 'word' ? OPENS.find(([o]) => startsWith(o, script, at)) : undefined
    if (open !== undefined) throw new TsqlError(`${open[1]} has no end`)
    return [kind, text, value]
  }
  throw new TsqlError(`character ${at + 1} is none of T-SQL`)
}

function startsWith(form: RegExp, script: string, at: number): boolean {
  form.lastIndex = at
  return form.test(script)
}

/** They nest. */
function endOfComment(script: string, start: number): number {
  let depth = 0
  for (let at = start; at < script.length; ) {
    const two = script.slice(at, at + 2)
    if (two === '/*') depth += 1
    if (two === '*/') depth -= 1
    at += two === '/*' || two === '*/' ? 2 : 1
    if (depth === 0) return at
  }
  throw new TsqlError('a comment has no end')
}
