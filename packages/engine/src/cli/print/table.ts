import type { Paint, Style } from './style.ts'
import { cutMiddle, oneLine, padEnd, textWidth } from './width.ts'

export interface Column {
  readonly header: string
  readonly align?: 'left' | 'right'
  /** A name: cut in the middle where the terminal is too narrow. */
  readonly cut?: boolean
}

export type Cell = string | { readonly text: string; readonly paint: Paint }

const GAP = '   '
const NARROWEST = 12

const textOf = (cell: Cell): string => oneLine(typeof cell === 'string' ? cell : cell.text)

/** Columns aligned, numbers right, no line ends in blanks. `width` null: nothing is cut. Headers all empty: no heading line. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | null,
  style: Style,
): string {
  const widths = columns.map((c, i) => Math.max(textWidth(c.header), ...rows.map((r) => textWidth(textOf(r[i] ?? '')))))
  if (width !== null) shrink(columns, widths, width)

  const line = (cells: readonly Cell[], whole: Paint | null): string => {
    const last = cells.findLastIndex((cell) => textOf(cell) !== '')
    const padded = cells.slice(0, last + 1).map((cell, i) => {
      const column = columns[i]
      const room = widths[i] ?? 0
      const text = column?.cut ? cutMiddle(textOf(cell), room) : textOf(cell)
      const paint = whole ?? (typeof cell === 'string' ? (t: string) => t : cell.paint)
      const blanks = ' '.repeat(Math.max(0, room - textWidth(text)))
      if (column?.align === 'right') return blanks + paint(text)
      return i === last ? paint(text) : paint(text) + blanks
    })
    return padded.join(GAP)
  }

  const heading = columns.some((c) => c.header !== '')
    ? [
        line(
          columns.map((c) => c.header),
          style.bold,
        ),
      ]
    : []
  return [...heading, ...rows.map((row) => line(row, null))].map((l) => `${l}\n`).join('')
}

/** Takes room from the widest name column until the line fits, or nothing more can be taken. */
function shrink(columns: readonly Column[], widths: number[], width: number): void {
  const total = (): number => widths.reduce((a, b) => a + b, 0) + GAP.length * (widths.length - 1)
  for (let over = total() - width; over > 0; over = total() - width) {
    let widest = -1
    for (const [i, column] of columns.entries()) {
      if (column.cut && (widths[i] ?? 0) > NARROWEST && (widest === -1 || (widths[i] ?? 0) > (widths[widest] ?? 0)))
        widest = i
    }
    if (widest === -1) return
    widths[widest] = Math.max(NARROWEST, (widths[widest] ?? 0) - 1)
  }
}

/** `label   text` lines, labels in one column; a text of several lines keeps its indent. */
export function renderFields(fields: readonly (readonly [label: string, text: string])[], style: Style): string {
  const room = Math.max(0, ...fields.map(([label]) => textWidth(label)))
  let previous = ''
  return fields
    .map(([label, text]) => {
      const shown = label === previous ? '' : label
      previous = label
      const indent = `\n${' '.repeat(room)}${GAP}`
      return `${style.dim(padEnd(shown, room))}${GAP}${text.replaceAll('\n', indent)}`.trimEnd() + '\n'
    })
    .join('')
}
