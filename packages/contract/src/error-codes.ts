/**
 * Every error Tidemark raises on purpose. Codes are permanent: never renumbered, never reused.
 * 1xxx definitions and usage · 2xxx connections and files · 3xxx ledger, leases, control store · 4xxx plan and
 * capture · 5xxx apply and target · 6xxx archives and hand-off · 9xxx unexpected.
 * Exit code, HTTP status, retry class, `docs/errors.md` and `tidemark explain` all come from this table.
 */
import { APPLY } from './error-pages/apply.ts'
import { ARCHIVE } from './error-pages/archive.ts'
import { CAPTURE } from './error-pages/capture.ts'
import { CONNECTIONS } from './error-pages/connections.ts'
import { DEFINITIONS } from './error-pages/definitions.ts'
import { LEDGER } from './error-pages/ledger.ts'
import { UNEXPECTED } from './error-pages/unexpected.ts'

export const ERRORS = { ...DEFINITIONS, ...CONNECTIONS, ...LEDGER, ...CAPTURE, ...APPLY, ...ARCHIVE, ...UNEXPECTED }

export type { ErrorEntry } from './error-pages/error-entry.ts'
export type ErrorCode = keyof typeof ERRORS
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)
