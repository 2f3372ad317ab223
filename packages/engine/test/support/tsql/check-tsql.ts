/**
 * The grammar gate: what is wrong with a text of T-SQL, by an ANTLR grammar and by rules of ours where that is too
 * generous for SQL Server 2016. docs/decisions/0023-tsql-gate.md says why.
 */
import type { ParserRuleContext } from 'antlr4ts'
import { at, nodesOf, type Parsed, type Problem, parseTsql } from './parse-tsql.ts'
import { brokenRules } from './tsql-rules.ts'

export type { Problem } from './parse-tsql.ts'

/**
 * Of one text as the server gets it, or of a script with GO. Something that cannot be read is a problem, and so is
 * nothing at all.
 */
export function findProblems(text: string): readonly Problem[] {
  const parsed = parseTsql(text)
  if ('unread' in parsed) return [parsed.unread]
  if (parsed.tokens.every(({ text: word }) => /^;$|^\s*GO\b/i.test(word ?? ''))) {
    return [{ line: 1, column: 1, says: 'no statement' }]
  }
  const problems = [...brokenRules(parsed), ...innerProblems(parsed), ...parsed.hidden.flatMap(findProblems)]
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** A text, and before which line of its file it begins. */
export interface Part {
  readonly text: string
  readonly linesBefore: number
}

/** Of a golden file, each of whose parts, `-- name` and what follows, is sent alone. A file with GO is one script. */
export function partsOf(file: string): readonly Part[] {
  if (/^GO(\s+\d+)?\s*$/im.test(file)) return [{ text: file, linesBefore: 0 }]
  let linesBefore = 0
  return file.split(/(?<=\n)\n(?=-- )/).map((text) => {
    const part = { text, linesBefore }
    linesBefore += text.split('\n').length
    return part
  })
}

export const findProblemsInFile = (file: string): readonly Problem[] =>
  partsOf(file).flatMap(({ text, linesBefore }) =>
    findProblems(text).map((p) => ({ ...p, line: linesBefore + p.line })),
  )

/** Of the texts that a text hands to EXEC and sp_executesql. */
function innerProblems({ tree }: Parsed): readonly Problem[] {
  return [...nodesOf(tree)].flatMap(({ rule, node }) => {
    if (rule !== 'execute_body') return []
    const parts = executed(node)
    if (parts === null) return []
    const inner = parts.map((part) => /^N?'([^]*)'$/i.exec(part)?.[1]?.replaceAll("''", "'"))
    if (inner.includes(undefined))
      return [at(node.start, 'a text that is made when it runs: nobody can read it before')]
    return findProblems(inner.join('')).map((p) =>
      at(node.start, `in the text that is executed, ${p.line}:${p.column}: ${p.says}`),
    )
  })
}

/** The texts that make up what is executed; null: a procedure is. */
function executed(body: ParserRuleContext): readonly string[] | null {
  const of = (wanted: string): readonly string[] =>
    [...nodesOf(body)].filter(({ rule }) => rule === wanted).map(({ node }) => node.text)
  if (body.start.text === '(') return of('execute_var_string')
  const name = of('func_proc_name_server_database_schema')[0] ?? ''
  return /(?:^|\.)\[?sp_executesql\]?$/i.test(name) ? of('execute_parameter').slice(0, 1) : null
}
