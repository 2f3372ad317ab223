import type { StoreValue } from '../store-session.ts'
import type { Attempt, Effect } from './statements.ts'

export const effect = (text: string, params: readonly StoreValue[]): Effect => ({ text, params, decode: () => null })

/** Gives a row back where it took place: by RETURNING, OUTPUT, or a SELECT of what changed. */
export const attempt = (text: string, params: readonly StoreValue[]): Attempt => ({ text, params, decode: () => true })
