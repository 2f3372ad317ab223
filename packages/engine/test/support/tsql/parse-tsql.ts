/** T-SQL as the ANTLR grammar of `antlr4ts-sql` reads it. */
import { BailErrorStrategy, CharStreams, CommonTokenStream, type Lexer, type ParserRuleContext, Token } from 'antlr4ts'
import { ParseCancellationException } from 'antlr4ts/misc/ParseCancellationException.js'
import type { ParseTree } from 'antlr4ts/tree/ParseTree.js'
import { TSqlLexer } from 'antlr4ts-sql/dist/src/grammar-output/tsql/TSqlLexer.js'
import { TSqlParser } from 'antlr4ts-sql/dist/src/grammar-output/tsql/TSqlParser.js'
import { fillGaps } from './grammar-gaps.ts'

/** What is wrong at a place of a text, both counted from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  readonly says: string
}

export interface Parsed {
  readonly tree: ParserRuleContext
  /** without blanks and comments, and without the end of the text */
  readonly tokens: readonly Token[]
  /** texts to be parsed besides: what a stand-in hides of the text */
  readonly hidden: readonly string[]
}

/** All of a text, or the first place that is no T-SQL: nothing is skipped, and nothing guessed after it. */
export function parseTsql(text: string): Parsed | { readonly unread: Problem } {
  const { text: filled, hidden } = fillGaps(text, tokensOf(text))
  const lexer = lexerOf(filled)
  const foreign: Problem[] = []
  lexer.removeErrorListeners()
  lexer.addErrorListener({
    syntaxError: (_by, _symbol, line, column) => {
      foreign.push({ line, column: column + 1, says: 'no T-SQL' })
    },
  })
  const stream = new WatchedTokens(lexer)
  const parser = new TSqlParser(stream)
  parser.removeErrorListeners()
  parser.errorHandler = new BailErrorStrategy()
  try {
    const tree = parser.tsql_file()
    return foreign[0] === undefined ? { tree, tokens: visible(stream.getTokens()), hidden } : { unread: foreign[0] }
  } catch (error) {
    if (!(error instanceof ParseCancellationException)) throw error
    return { unread: foreign[0] ?? unreadAt(stream) }
  }
}

/** Knows how far the parser looked: that token is the one it could not read, where it names the one that it set out from. */
class WatchedTokens extends CommonTokenStream {
  farthest = 0

  override LA(offset: number): number {
    if (offset === 1) this.farthest = Math.max(this.farthest, this.index)
    return super.LA(offset)
  }
}

function unreadAt(stream: WatchedTokens): Problem {
  const token = stream.get(stream.farthest)
  if (token.type !== Token.EOF) return at(token, `no T-SQL: ${token.text}`)
  const last = visible(stream.getTokens()).at(-1)
  return at(last ?? token, `no T-SQL, as it ends with ${last?.text}`)
}

/** Every node of a tree with the name of its rule, outer ones first. */
export function* nodesOf(tree: ParseTree): Generator<{ readonly rule: string; readonly node: ParserRuleContext }> {
  if ('ruleIndex' in tree) {
    const node = tree as ParserRuleContext
    yield { rule: TSqlParser.ruleNames[node.ruleIndex] ?? '', node }
  }
  for (let i = 0; i < tree.childCount; i++) yield* nodesOf(tree.getChild(i))
}

export const at = (token: Token, says: string): Problem => ({
  line: token.line,
  column: token.charPositionInLine + 1,
  says,
})

function tokensOf(text: string): readonly Token[] {
  const lexer = lexerOf(text)
  lexer.removeErrorListeners() // they are told when the text is parsed
  return visible(lexer.getAllTokens())
}

const visible = (tokens: readonly Token[]): readonly Token[] =>
  tokens.filter((t) => t.channel === Token.DEFAULT_CHANNEL && t.type !== Token.EOF)

/** The grammar knows keywords in capitals only; the tokens keep their spelling. */
function lexerOf(text: string): Lexer {
  const stream = CharStreams.fromString(text)
  const look = stream.LA.bind(stream)
  stream.LA = (offset) => {
    const code = look(offset)
    return code >= 0x61 && code <= 0x7a ? code - 0x20 : code
  }
  return new TSqlLexer(stream)
}
