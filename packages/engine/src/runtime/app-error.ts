import { ERRORS, type ErrorCode } from '@tidemark/contract/error-codes'

/** Facts about an error: safe to log and safe to show. Never a secret, never a row's content beyond its key. */
export type Facts = Readonly<Record<string, string | number | bigint | boolean | null>>

export interface AppErrorOptions {
  readonly cause?: unknown
  readonly facts?: Facts
  /** What to do about this very case, one step a line; the registry's remedy where absent. */
  readonly remedy?: readonly string[]
}

/** The one error class. `message` is `TM1234 title: detail`. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly detail: string
  readonly facts: Facts
  readonly remedy: readonly string[]

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(
      `${code} ${ERRORS[code].title}: ${detail}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.detail = detail
    this.facts = options.facts ?? {}
    this.remedy = options.remedy ?? ERRORS[code].remedy
  }
}

/** Being asked to stop is not an error; it travels as this reason of an AbortSignal. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** Any thrown value as an AppError; what we do not know becomes TM9001 with its cause kept. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new AppError('TM9001', message, { cause: error })
}
