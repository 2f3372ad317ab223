import { AppError } from '../runtime/app-error.ts'

/** A key as the ledger has it, `["12","a"]`, or typed by a person: the plain text, where it is one column. */
export function parseRejectKey(text: string): (string | null)[] {
  if (!text.startsWith('[')) return [text]
  const parsed = parsedOrNull(text)
  const isKey = (value: unknown): value is string | null => typeof value === 'string' || value === null
  if (!Array.isArray(parsed) || parsed.length === 0 || !parsed.every(isKey))
    throw new AppError('TM1002', `a key is plain text or a JSON array of texts such as ["12","a"], not ${text}`)
  return parsed
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
