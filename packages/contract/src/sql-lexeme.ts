/** The smallest reading of SQL that knows what is code: enough to find parameters, and nothing more. */

export type Lexeme =
  | {
      readonly kind:
        | 'space'
        | 'comment'
        /** a literal or a quoted name */
        | 'quoted'
        | 'word'
        /** `:name` */
        | 'parameter'
        /** `{name}` */
        | 'token'
        /** `?`, `$1` or `$name`: a parameter of the database's own */
        | 'foreign'
        | 'semicolon'
        | 'other'
      readonly text: string
      readonly at: number
      readonly end: number
    }
  | { readonly kind: 'open'; readonly what: string; readonly at: number; readonly text: string; readonly end: number }

type Kind = Exclude<Lexeme['kind'], 'open'>
/** The first that matches at the place decides. */
const FORMS: readonly (readonly [kind: Kind, form: RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\n]*\n?/y],
  // a backslash escapes only in a string that says so
  ['quoted', /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ['quoted', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['quoted', /\$(|[\p{L}_][\p{L}\p{N}_]*)\$[\s\S]*?\$\1\$/uy],
  ['foreign', /\?|\$[\p{L}\p{N}_]+/uy],
  // a word with a number in front is one as well, so that nothing inside it is read as a name of its own
  ['word', /(?![eE]')[\p{L}\p{N}_][\p{L}\p{N}_$]*/uy],
  ['other', /::|:=/y],
  ['parameter', /:[A-Za-z_][A-Za-z0-9_]*/y],
  ['token', /\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}/y],
  ['semicolon', /;/y],
]
const OPENS: readonly (readonly [what: string, form: RegExp])[] = [
  ['text', /[eE]?'/y],
  ['quoted name', /"/y],
  ['text', /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy],
]

/** What starts at `at`, a place inside the text. */
export function readLexeme(text: string, at: number): Lexeme {
  if (text.startsWith('/*', at)) return readBlockComment(text, at)
  for (const [what, form] of OPENS) {
    if (matchAt(form, text, at) === null || isClosed(text, at)) continue
    return { kind: 'open', what, at, text: text.slice(at), end: text.length }
  }
  for (const [kind, form] of FORMS) {
    const found = matchAt(form, text, at)
    if (found !== null) return { kind, text: found, at, end: at + found.length }
  }
  return { kind: 'other', text: text[at] ?? '', at, end: at + 1 }
}

function matchAt(form: RegExp, text: string, at: number): string | null {
  form.lastIndex = at
  return form.exec(text)?.[0] ?? null
}

const isClosed = (text: string, at: number): boolean =>
  FORMS.some(([kind, form]) => kind === 'quoted' && matchAt(form, text, at) !== null)

/** Comments nest. */
function readBlockComment(text: string, at: number): Lexeme {
  let depth = 0
  for (let end = at; end < text.length; ) {
    if (text.startsWith('/*', end)) {
      depth += 1
      end += 2
    } else if (text.startsWith('*/', end)) {
      depth -= 1
      end += 2
      if (depth === 0) return { kind: 'comment', text: text.slice(at, end), at, end }
    } else end += 1
  }
  return { kind: 'open', what: 'comment', at, text: text.slice(at), end: text.length }
}
