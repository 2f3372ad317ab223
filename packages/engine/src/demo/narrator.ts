/** What the demo says while it plays: a few lines for each act, numbers that a person can check. */
import type { RunJson } from '@tidemark/contract/api'
import { AppError } from '../runtime/app-error.ts'
import type { DemoRun } from './demo-document.ts'

type Paint = (text: string) => string

/** Colour only adds; the command line hands over its own, or one that adds none. */
export interface DemoStyle {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
}

const INDENT = '   '

export class Narrator {
  readonly #say: (text: string) => void
  readonly #style: DemoStyle
  readonly #runs: DemoRun[] = []
  #act = ''
  #number = 0

  constructor(say: (text: string) => void, style: DemoStyle) {
    this.#say = say
    this.#style = style
  }

  get runs(): readonly DemoRun[] {
    return this.#runs
  }

  line(text: string): void {
    this.#say(`${text}\n`)
  }

  act(title: string): void {
    this.#act = title
    this.#number += 1
    this.line(`\n${this.#style.bold(`${this.#number}  ${title}`)}`)
  }

  text(...lines: readonly string[]): void {
    for (const line of lines) this.line(INDENT + line)
  }

  command(typed: string): void {
    this.text(this.#style.dim(`$ ${typed}`))
  }

  /** What another program printed. */
  quote(output: string): void {
    for (const line of output.trimEnd().split('\n')) this.text(this.#style.dim(`│ ${line}`))
  }

  /** Says that it holds, or ends the demo: an act that does something else has shown nothing. */
  check(holds: boolean, what: string, found: string): void {
    if (holds) return this.text(`${this.#style.good('✓')} ${what}`)
    this.fault(what)
    throw new AppError('TM9002', `${this.#act}: expected "${what}", found ${found}`)
  }

  fault(what: string, ...more: readonly string[]): void {
    this.text(`${this.#style.bad('✗')} ${what}`, ...more)
  }

  ran(run: RunJson): void {
    this.#runs.push({
      act: this.#act,
      run: run.run,
      status: run.status,
      rows: run.rows,
      seconds: run.duration_ms / 1000,
    })
  }
}

/** `1240113` → `1 240 113` */
export const count = (n: number | bigint | string): string => String(n).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')

export const counted = (n: number | bigint | string, noun: string, plural = `${noun}s`): string =>
  `${count(n)} ${String(n) === '1' ? noun : plural}`

export const megabytes = (bytes: number | bigint): string => `${(Number(bytes) / 1_000_000).toFixed(1)} MB`
