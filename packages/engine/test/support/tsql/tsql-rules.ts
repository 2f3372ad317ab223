/** What the grammar lets pass: T-SQL that came after 2016, and foreign words that it takes for names. */
import type { ParserRuleContext, Token } from 'antlr4ts'
import { TerminalNode } from 'antlr4ts/tree/TerminalNode.js'
import { at, nodesOf, type Parsed, type Problem } from './parse-tsql.ts'
import { CLAUSES, DIRTY_READS, FUNCTIONS, HINTS, NO_NAMES, TYPES } from './words-of-2016.ts'

/** What is wrong with a node, at its beginning or at a place in it; null: nothing. */
type Rule = (node: ParserRuleContext) => string | Problem | null

/** By the name that the grammar has for what a node is. */
const RULES: Readonly<Record<string, Rule>> = {
  // a call without EXEC may begin a batch, and the grammar has one begin anywhere: LIMIT 5, RETURNING [id]
  execute_body_batch: (node) =>
    firstWord(node) === 'THROW' ? throws(node) : `${firstWord(node)} is taken for a procedure: a call has EXEC`,
  as_column_alias: (node) => (hasAs(node) ? null : `${node.start.text} is taken for a name: one has AS`),
  as_table_alias: (node) =>
    hasAs(node) || !CLAUSES.has(firstWord(node)) ? null : `${node.start.text} is taken for the name of a table`,
  expression_elem: (node) =>
    node.childCount > 1 && node.getChild(1).text === '='
      ? `a comparison is no value: ${node.getChild(0).text} is taken for a name, which has AS`
      : null,
  id: (node) => (NO_NAMES.has(node.text.toUpperCase()) ? `${node.text} is taken for a column` : null),
  function_call: (node) => {
    const name = firstWord(node)
    const dotted = /^(\(|[^(]*\.)/.test(node.text) // a function of somebody's, or a method of a value
    return dotted || FUNCTIONS.has(name) ? null : `${name} is no function of SQL Server 2016`
  },
  data_type: (node) => {
    const name = firstWord(node)
    return TYPES.has(name) ? null : `${name} is no type that we use`
  },
  with_table_hints: hints,
  insert_with_table_hints: hints,
  merge_statement: () => 'MERGE: UPDATE and INSERT do what it does, under locks of ours',
  order_by_clause: offset,
  set_special: (node) => (/READUNCOMMITTED/i.test(node.text) ? 'READ UNCOMMITTED: a read of what may never be' : null),
}

/** To the grammar it is a name, and so a call where it begins a batch. */
function throws(node: ParserRuleContext): string | null {
  const given = [...nodesOf(node)].filter(({ rule }) => rule === 'execute_statement_arg_unnamed').length
  return given === 0 || given === 3 ? null : 'THROW has a number, a text and a state, or nothing'
}

/** Statements that have a batch to themselves. */
const ALONE = new Set([
  'create_view',
  'create_or_alter_trigger',
  'create_or_alter_procedure',
  'create_or_alter_function',
  'create_schema',
])

export function brokenRules({ tree, tokens }: Parsed): readonly Problem[] {
  const problems = [...operators(tokens)]
  for (const { rule, node } of nodesOf(tree)) {
    const says = RULES[rule]?.(node) ?? (ALONE.has(rule) && !beginsBatch(node, tokens) ? NOT_FIRST : null)
    if (says !== null) problems.push(typeof says === 'string' ? at(node.start, says) : says)
  }
  return problems
}

const NOT_FIRST = 'a view, trigger, procedure, function or schema is made by the first statement of its batch'

function beginsBatch(node: ParserRuleContext, tokens: readonly Token[]): boolean {
  const before = tokens[tokens.indexOf(node.start) - 1]
  return before === undefined || /^\s*GO\b/i.test(before.text ?? '')
}

/** `||` came with 2025, and `a::b` is read as a static member of the type `a`. */
function* operators(tokens: readonly Token[]): Generator<Problem> {
  for (const [i, token] of tokens.entries()) {
    if (token.text === '||') yield at(token, 'texts are joined by + or CONCAT, not ||')
    if (token.text === ':' && tokens[i + 1]?.text === ':') yield at(token, 'a cast is CAST or CONVERT, not ::')
  }
}

const hasAs = (node: ParserRuleContext): boolean => firstWord(node) === 'AS'

function offset(node: ParserRuleContext): Problem | null {
  for (let i = 0; i < node.childCount; i++) {
    const child = node.getChild(i)
    if (child instanceof TerminalNode && child.text.toUpperCase() === 'OFFSET') {
      return at(child.symbol, 'OFFSET: pages go by key')
    }
  }
  return null
}

/** Without WITH the grammar takes the columns of `AS t (a, b)` for hints, too. */
function hints(node: ParserRuleContext): Problem | null {
  const hasWith = firstWord(node) === 'WITH'
  for (const { rule, node: hint } of nodesOf(node)) {
    if (rule !== 'table_hint') continue
    const name = firstWord(hint)
    if (DIRTY_READS.has(name)) return at(hint.start, `${name}: a read of what may never be`)
    if (hasWith && !HINTS.has(name)) return at(hint.start, `${name} is no hint of SQL Server 2016`)
    if (!hasWith && HINTS.has(name)) return at(hint.start, `${name}: a hint has WITH`)
  }
  return null
}

/** In capitals, without brackets. */
const firstWord = (node: ParserRuleContext): string => (node.start.text ?? '').toUpperCase().replace(/^\[(.*)\]$/, '$1')
