import { type ErrorCode, ERRORS, isErrorCode } from '@tidemark/contract/error-codes'
import type { ErrorDocument } from '@tidemark/contract/api'
import type { AppError } from '../../runtime/app-error.ts'
import type { Style } from './style.ts'
import { harmless } from './width.ts'

/** What a remedy of the registry is about here: its placeholders become names that can be typed. */
export interface ErrorSubject {
  readonly flow?: string
  readonly run?: string | null
  readonly command?: string | null
}

export function errorText(error: AppError, subject: ErrorSubject, style: Style): string {
  return block(
    error.code,
    error.message,
    error.remedy.map((line) => about(line, subject)),
    style,
  )
}

/** The error of a run as the ledger holds it: code and message; `remedy` where it is known besides. */
export function runErrorText(
  error: { readonly code: string; readonly message: string },
  subject: ErrorSubject,
  style: Style,
  remedy: readonly string[] | null = null,
): string {
  if (!isErrorCode(error.code)) return block(error.code, `${error.code} ${error.message}`, [], style)
  const whole = error.message.startsWith(error.code)
    ? error.message
    : `${error.code} ${ERRORS[error.code].title}: ${error.message}`
  return block(
    error.code,
    whole,
    (remedy ?? ERRORS[error.code].remedy).map((line) => about(line, subject)),
    style,
  )
}

export const errorDocument = (error: AppError): ErrorDocument => ({
  error: { code: error.code, message: error.message, remedy: [...error.remedy] },
})

function block(code: string, message: string, remedy: readonly string[], style: Style): string {
  const [first = '', ...rest] = harmless(message).split('\n')
  const title = first.startsWith(code) ? style.bad(code) + first.slice(code.length) : first
  const lines = [title, ...rest, ...remedy.map((line) => `  ${harmless(line)}`)]
  if (isErrorCode(code)) lines.push(`  More: tidemark explain ${code}`)
  return `${lines.join('\n')}\n`
}

function about(line: string, { flow, run, command }: ErrorSubject): string {
  return line
    .replaceAll(/\bFLOW\b/g, flow ?? 'FLOW')
    .replaceAll(/\bCOMMAND\b/g, command ?? 'COMMAND')
    .replaceAll('resume --last', `resume ${run ?? '--last'}`)
    .replaceAll(/\bRUN\b/g, run ?? 'RUN')
}

/** A page of `tidemark explain`, and of docs/errors.md. */
export function explainText(code: ErrorCode, style: Style): string {
  const { title, meaning, remedy, retry, exit } = ERRORS[code]
  return [
    `${style.bold(code)} ${title}`,
    '',
    meaning,
    '',
    'What to do',
    ...remedy.map((line) => `  ${line}`),
    '',
    `${RETRY[retry]} Exit code ${exit}.`,
    '',
  ].join('\n')
}

export const RETRY = {
  never: 'Repeating the command changes nothing: a person has to act first.',
  again: 'The same command may succeed later.',
  resume: 'Resume continues where the run stopped.',
} as const
