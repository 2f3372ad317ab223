import { DURATION_FORM, parseDuration } from '@tidemark/contract/duration'
import type { Scope } from '@tidemark/contract/flow'
import { NAME_PATTERN } from '@tidemark/contract/ids'
import { AppError } from '../runtime/app-error.ts'

/** Options as commander leaves them: by camel-cased name. */
export type RawOptions = Readonly<Record<string, unknown>>

/** Reads options as typed values. What is wrong is refused here, before anything is opened. */
export class OptionReader {
  readonly #raw: RawOptions

  constructor(raw: RawOptions) {
    this.#raw = raw
  }

  flag(flag: string): boolean {
    return this.#raw[keyOf(flag)] === true
  }

  text(flag: string): string | null {
    const value = this.#raw[keyOf(flag)]
    return typeof value === 'string' ? value : null
  }

  /** A text that says something. */
  required(flag: string): string {
    const text = this.text(flag)
    if (text === null || text.trim() === '') throw usage(`${flag} needs a value`)
    return text
  }

  /** A whole number of at least 1. */
  positive(flag: string): number | null {
    const text = this.text(flag)
    if (text === null) return null
    const number = /^\d+$/.test(text) ? Number(text) : 0
    if (number < 1 || !Number.isSafeInteger(number))
      throw usage(`${flag} must be a whole number of at least 1, not "${text}"`)
    return number
  }

  durationMs(flag: string): number | null {
    const text = this.text(flag)
    if (text === null) return null
    const ms = parseDuration(text)
    if (ms === null) throw usage(`${flag} must be ${DURATION_FORM}, not "${text}"`)
    return ms
  }

  /** A duration for times, a count for numbers: which of the two is right depends on the flow. */
  durationOrCount(flag: string): string | null {
    const text = this.text(flag)
    if (text !== null && parseDuration(text) === null && !/^\d+$/.test(text)) {
      throw usage(`${flag} must be ${DURATION_FORM}, or a count for a numeric position, not "${text}"`)
    }
    return text
  }

  /** Of these flags, those that were given. */
  given(flags: readonly string[]): readonly string[] {
    return flags.filter((flag) => {
      const value = this.#raw[keyOf(flag)]
      return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
    })
  }

  /** Of an option that may be given several times. */
  texts(flag: string): readonly string[] {
    const values = this.#raw[keyOf(flag)]
    return Array.isArray(values) ? values.map(String) : []
  }

  choice<const C extends string>(flag: string, choices: readonly C[]): C | null {
    const text = this.text(flag)
    if (text === null) return null
    const choice = choices.find((c) => c === text)
    if (choice === undefined)
      throw usage(`${flag} must be ${choices.join(', ').replace(/, ([^,]*)$/, ' or $1')}, not "${text}"`)
    return choice
  }

  /** `--tag a=1 --tag b=2` */
  pairs(flag: string): Readonly<Record<string, string>> {
    return pairsOf(this.texts(flag), flag)
  }

  /** `--scope a=1 --scope b=2` */
  scope(): Scope {
    return pairsOf(this.texts('--scope'), '--scope')
  }
}

/** `NAME=VALUE`, each name once. `what`: for messages. */
export function pairsOf(pairs: readonly string[], what: string): Readonly<Record<string, string>> {
  const found = new Map<string, string>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(at, 0))
    if (at < 1 || !NAME_PATTERN.test(name)) throw usage(`${what} must be NAME=VALUE, not "${pair}"`)
    if (found.has(name)) throw usage(`${what} names ${name} twice`)
    found.set(name, pair.slice(at + 1))
  }
  return Object.fromEntries(found)
}

export const usage = (detail: string): AppError => new AppError('TM1002', detail)

/** `--batch-rows` → `batchRows`, as commander names it. */
const keyOf = (flag: string): string => flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase())

/** An argument that the command's table calls required: commander has refused the command without it. */
export function argument(args: readonly string[], at: number): string {
  const text = args[at]
  if (text === undefined) throw usage('an argument is missing')
  return text
}
