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
]

/** The text with every gap filled. Places stay what they are: a stand-in is padded with blanks. */
export function fillGaps(text: string, tokens: readonly Token[]): string {
  // the lexer counts code points, a string counts halves of some of them
  const characters = Array.from(text)
  for (const { shape, standIn } of GAPS) {
    for (let i = 0; i + shape.length <= tokens.length; i++) {
      if (!shape.every((word, j) => word === '*' || tokens[i + j]?.text?.toUpperCase() === word)) continue
      const first = tokens[i]?.startIndex ?? 0
      const last = tokens[i + shape.length - 1]?.stopIndex ?? first
      for (let at = first; at <= last; at++) {
        if (at - first < standIn.length || characters[at] !== '\n') characters[at] = standIn[at - first] ?? ' '
      }
    }
  }
  return characters.join('')
}
