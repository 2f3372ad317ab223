/** How many columns a text takes on a terminal. Approximate where terminals disagree (old emoji), exact for what names are made of. */
import { stripVTControlCharacters } from 'node:util'

const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}{2}|[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{1B000}-\u{1B2FF}]|[\u{20000}-\u{3FFFD}])/u
const ZERO = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point}|\p{Cc})+$/u
const ASCII = /^[\u0020-\u007E]*$/
const ELLIPSIS = '…'

/** Made when a text needs it: ICU takes ten milliseconds, and most texts are ASCII. */
let segmenter: Intl.Segmenter | null = null
const graphemes = (text: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })).segment(text)

const widthOf = (grapheme: string): number =>
  ZERO.test(grapheme) ? 0 : WIDE.test(grapheme) || grapheme.includes('\uFE0F') ? 2 : 1

export function textWidth(text: string): number {
  const bare = stripVTControlCharacters(text)
  if (ASCII.test(bare)) return bare.length
  let width = 0
  for (const { segment } of graphemes(bare)) width += widthOf(segment)
  return width
}

/** The text with its middle replaced by `…` where it is wider than `width`: both ends of a name tell it from its neighbours. */
export function cutMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  if (width <= 1) return ELLIPSIS.slice(0, width)
  const parts = Array.from(graphemes(text), (s) => s.segment)
  const head = take(parts, Math.ceil((width - 1) / 2))
  const tail = take(parts.toReversed(), Math.floor((width - 1) / 2))
  return head.join('') + ELLIPSIS + tail.toReversed().join('')
}

/** The start of a text. */
export function cutEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  const parts = Array.from(graphemes(text), (s) => s.segment)
  return width < 1 ? '' : take(parts, width - 1).join('') + ELLIPSIS
}

function take(parts: readonly string[], width: number): readonly string[] {
  let used = 0
  const end = parts.findIndex((part) => (used += widthOf(part)) > width)
  return end === -1 ? parts : parts.slice(0, end)
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)))
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - textWidth(text))) + text

/** Names and messages come from other people's systems: a control character in one must not steer the terminal. */
export const harmless = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
export const oneLine = (text: string): string => harmless(text.replaceAll(/\s*[\n\t]\s*/g, ' '))
