/** Which error policy answers an error: the first that matches. */
import { ERROR_CODES, type ErrorCode, type ErrorEntry, ERRORS } from './error-codes.ts'
import type { ErrorPolicy } from './flow.ts'

/** The codes that `TM5003` or `TM50*` means; none: it is no code. */
export const codesOf = (pattern: string): readonly ErrorCode[] =>
  /^TM\d{0,3}\*$/.test(pattern)
    ? ERROR_CODES.filter((code) => code.startsWith(pattern.slice(0, -1)))
    : ERROR_CODES.filter((code) => code === pattern)

/** The error is about rows that can be kept out, so that the others land. */
export const isAboutRows = (code: ErrorCode): boolean =>
  (ERRORS[code] satisfies ErrorEntry as ErrorEntry).aboutRows === true

/** Null: none matches. Quarantine matches only errors about rows, also where its pattern is wider. */
export const findErrorPolicy = (
  policies: readonly ErrorPolicy[],
  code: ErrorCode,
  step: string | null,
): ErrorPolicy | null =>
  policies.find(
    (policy) =>
      codesOf(policy.code).includes(code) &&
      (policy.step === null || policy.step === step) &&
      (policy.do !== 'quarantine' || isAboutRows(code)),
  ) ?? null
