import type { Paint, Style } from './style.ts'

/** A status as it is said: words, never underscores. */
export const statusWords = (status: string): string =>
  status === 'succeeded_with_rejects' ? 'with rejects' : status.replaceAll('_', ' ')

export function statusPaint(status: string, style: Style): Paint {
  switch (status) {
    case 'succeeded':
    case 'done':
      return style.good
    case 'failed':
      return style.bad
    case 'cancelled':
    case 'skipped':
    case 'succeeded_with_rejects':
      return style.warn
    default:
      return (text) => text
  }
}
