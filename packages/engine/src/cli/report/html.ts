/** HTML as a type: text that a browser takes for markup. Only `html` makes it, so what a row says is never markup. */
import { harmless } from '../print/width.ts'

declare const htmlText: unique symbol
export interface Html {
  readonly text: string
  readonly [htmlText]: true
}
type Hole = string | number | Html | readonly Html[]

const make = (text: string): Html => ({ text }) as unknown as Html

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => harmless(text).replaceAll(/[&<>"']/g, (c) => ESCAPES[c] ?? c)

function textOf(hole: Hole): string {
  if (typeof hole === 'object') return 'text' in hole ? hole.text : hole.map(({ text }) => text).join('\n')
  return escaped(String(hole))
}

export const html = (parts: TemplateStringsArray, ...holes: readonly Hole[]): Html =>
  make(parts.map((part, i) => part + (i < holes.length ? textOf(holes[i] ?? '') : '')).join(''))

/** What has no place on a page. */
export const NOTHING: Html = make('')
/** Text of our own. */
export const ownText = (text: string): Html => make(text)
