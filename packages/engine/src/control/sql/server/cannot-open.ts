/** Why a first connection was not made, in words for whoever has to mend it. */
import { AppError } from '../../../runtime/app-error.ts'
import type { LostConnection } from './lost-connection.ts'

const UNREACHABLE: readonly string[] = [
  'mend host and port under control: in tidemark.yaml',
  'look whether the server runs, listens there, and is let through',
]

/** An attempt to many addresses fails as many errors without a message of their own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((e: unknown) => messageOf(e)).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** Of the first cause that the system, or TLS, has a name for. */
function systemCode(error: unknown): string | null {
  let code: string | null = null
  for (let e = error; e instanceof Error; e = e.cause) if ('code' in e && typeof e.code === 'string') code = e.code
  return code
}

export const isAboutTls = (error: unknown): boolean =>
  /CERT|TLS|SSL|SIGNED|ISSUER|LEAF/.test(systemCode(error) ?? '') || /\bSSL\b/.test(messageOf(error))

/** `untrusted`: what to do where it is TLS that refused; null: it is something else. */
export function cannotOpen(error: LostConnection, location: string, untrusted: readonly string[] | null): AppError {
  return new AppError('TM3005', `${location}: ${messageOf(error.cause)}`, {
    cause: error,
    facts: { location, error: systemCode(error) },
    remedy: untrusted ?? UNREACHABLE,
  })
}
