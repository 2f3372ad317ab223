import { harmless } from './width.ts'

/** NULL is told from the text NULL, and a blank at an end is seen. */
export function valueText(value: string | null): string {
  if (value === null) return 'NULL'
  return value === '' || value === 'NULL' || value !== value.trim() ? JSON.stringify(value) : harmless(value)
}
