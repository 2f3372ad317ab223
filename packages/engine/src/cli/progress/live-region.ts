import type { Output } from '../io.ts'

const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'
const CLEAR_TO_LINE_END = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'
const up = (lines: number): string => (lines === 0 ? '' : `\u001B[${lines}A`)

/**
 * The last lines of a terminal, redrawn in place. Each frame is one write and overwrites line by line, so that
 * nothing flickers. Lines must be narrower than the terminal: a wrapped line would count as two.
 */
export class LiveRegion implements Disposable {
  readonly #output: Output
  #lines: readonly string[] = []
  #open = false

  constructor(output: Output) {
    this.#output = output
  }

  draw(lines: readonly string[]): void {
    if (this.#open && lines.length === this.#lines.length && lines.every((line, i) => line === this.#lines[i])) return
    if (!this.#open && lines.length === 0) return
    this.#output.write(`${this.#open ? '' : HIDE_CURSOR}${up(this.#lines.length)}\r${this.#rows(lines)}${CLEAR_BELOW}`)
    this.#open = true
    this.#lines = lines
  }

  /** A line that stays, above the region. */
  printAbove(text: string): void {
    this.#output.write(
      `${up(this.#lines.length)}\r${text}${CLEAR_TO_LINE_END}\n${this.#rows(this.#lines)}${this.#open ? CLEAR_BELOW : ''}`,
    )
  }

  /** Takes the region away and gives the cursor back. May be called again. */
  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#output.write(`${up(this.#lines.length)}\r${CLEAR_BELOW}${SHOW_CURSOR}`)
    this.#open = false
    this.#lines = []
  }

  #rows(lines: readonly string[]): string {
    return lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join('')
  }
}
