/** The text of a YAML file, for frames that never show a secret. */
import type { FilePlace } from './problem.ts'

export interface YamlSource {
  /** as shown: relative to the project */
  readonly file: string
  readonly lines: readonly string[]
  /** lines that hold a part of a literal secret, from 1 */
  readonly hidden: Set<number>
}

export const yamlSource = (file: string, text: string): YamlSource => ({
  file,
  lines: text.split(/\r\n|\r|\n/),
  hidden: new Set(),
})

/** The line, the one before it, and a mark below. */
export function frameOf({ source, line, column, length }: FilePlace): readonly string[] {
  const width = Math.max(4, String(line).length)
  const row = (n: number | null, text: string): string => ` ${String(n ?? '').padStart(width)} | ${text}`.trimEnd()
  const text = source.lines[line - 1] ?? ''
  const hidden = source.hidden.has(line)
  // tabs keep their width, so that the mark stands below
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ')
  const mark = hidden ? '' : indent + '^'.repeat(Math.max(1, Math.min(length, text.length - column + 1)))
  return [
    ...(line > 1 ? [row(line - 1, shown(source, line - 1))] : []),
    row(line, shown(source, line)),
    ...(mark === '' ? [] : [row(null, mark)]),
  ]
}

/** Also a line that could not be parsed must not give a password away. */
const LOOKS_SECRET =
  /(?:password|passwd|pwd|secret|token|api_?key|access_?key|private_?key|hash(?:["']?\s*,\s*["']?key)?)["']?\s*[:=]\s*(?!["']?(?:env:|file:|\$\{))[^\s[{]/i
const HAS_PASSWORD = /:\/\/[^\s/@:]*:(?!\$\{)[^\s@]+@/

function shown(source: YamlSource, line: number): string {
  const text = source.lines[line - 1] ?? ''
  const hide = source.hidden.has(line) || LOOKS_SECRET.test(text) || HAS_PASSWORD.test(text)
  return hide ? `${/^\s*/.exec(text)?.[0] ?? ''}(not shown: it holds a secret)` : text
}
