/** What SQL Server reads and the grammar does not: something that the grammar knows stands in its place, as long as it is. */
import type { Token } from 'antlr4ts'

interface Gap {
  /** tokens one after the other, in capitals; `*` is any one */
  readonly shape: readonly string[]
  readonly standIn: string
}

const GAPS: readonly Gap[] = [
  { shape: ['UPDATE', '(', '*', ')'], standIn: '1=1' }, // in a trigger: was the column set?
  { shape: ['HIERARCHYID', ':', ':', 'GETROOT', '(', ')'], standIn: '[root]' },
  { shape: ['HIERARCHYID', ':', ':', 'PARSE', '('], standIn: 'LTRIM(' },
  { shape: ['CREATE', 'OR', 'ALTER', 'VIEW'], standIn: 'CREATE VIEW' }, // procedures and triggers it knows
  // in any order
  {
    shape: [',', 'WITHOUT_ARRAY_WRAPPER', ',', 'INCLUDE_NULL_VALUES'],
    standIn: ',INCLUDE_NULL_VALUES,WITHOUT_ARRAY_WRAPPER',
  },
]

export interface Filled {
  /** with a stand-in for every gap. Places stay what they are: it is padded with blanks */
  readonly text: string
  /** What a stand-in hides, each as a statement of its own, at its place. */
  readonly hidden: readonly string[]
}

export function fillGaps(text: string, tokens: readonly Token[]): Filled {
  // the lexer counts code points, a string counts halves of some of them
  const characters = Array.from(text)
  const put = (from: Token, to: Token, standIn: string): void => {
    for (let at = from.startIndex; at <= to.stopIndex; at++) {
      const i = at - from.startIndex
      if (i < standIn.length || characters[at] !== '\n') characters[at] = standIn[i] ?? ' '
    }
  }

  const defaults = [...defaultsOf(tokens)]
  // read before anything is put in their place
  const hidden = defaults.map(({ word, open, close }) => {
    const expression = characters.slice(open.startIndex, close.stopIndex + 1).join('')
    const between = characters.slice(word.stopIndex + 1, open.startIndex).join('')
    return `${'\n'.repeat(word.line - 1)}${' '.repeat(word.charPositionInLine)}SELECT ${between}${expression}`
  })
  for (const { open, close } of defaults) put(open, close, '(0)')
  for (const { shape, standIn } of GAPS) {
    for (let i = 0; i + shape.length <= tokens.length; i++) {
      if (!shape.every((word, j) => word === '*' || isWord(tokens[i + j], word))) continue
      const [from, to] = [tokens[i], tokens[i + shape.length - 1]]
      if (from !== undefined && to !== undefined) put(from, to, standIn)
    }
  }
  return { text: characters.join(''), hidden }
}

interface Default {
  readonly word: Token
  readonly open: Token
  readonly close: Token
}

/** `DEFAULT (…)` of a column: the grammar takes a constant or a call there, and no sum. */
function* defaultsOf(tokens: readonly Token[]): Generator<Default> {
  for (const [i, word] of tokens.entries()) {
    const open = tokens[i + 1]
    if (!isWord(word, 'DEFAULT') || open?.text !== '(') continue
    let depth = 0
    const close = tokens.slice(i + 1).find(({ text }) => {
      depth += text === '(' ? 1 : text === ')' ? -1 : 0
      return depth === 0
    })
    if (close !== undefined) yield { word, open, close }
  }
}

const isWord = (token: Token | undefined, word: string): boolean => token?.text?.toUpperCase() === word
