/** One thing that `doctor` looked at. */
import type { DoctorCheck } from '@tidemark/contract/api'
import { asAppError } from '../../runtime/app-error.ts'

export type Check = DoctorCheck

export const ok = (id: string, subject: string, detail: string): Check => ({
  id,
  subject,
  status: 'ok',
  detail,
  remedy: [],
})
export const warn = (id: string, subject: string, detail: string, ...remedy: readonly string[]): Check => ({
  ...ok(id, subject, detail),
  status: 'warn',
  remedy: [...remedy],
})
export const fail = (id: string, subject: string, detail: string, ...remedy: readonly string[]): Check => ({
  ...ok(id, subject, detail),
  status: 'fail',
  remedy: [...remedy],
})

/** What an error says, with `FLOW` in its remedies named where it is known. */
export function failed(id: string, subject: string, error: unknown, flow = 'FLOW'): Check {
  const { message, remedy } = asAppError(error)
  return fail(id, subject, message, ...remedy.map((line) => line.replaceAll(/\bFLOW\b/g, flow)))
}
