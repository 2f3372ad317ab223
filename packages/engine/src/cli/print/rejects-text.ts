import type { RejectsDocument } from '@tidemark/contract/api'
import { count } from './numbers.ts'
import { keyText } from './row-key.ts'
import type { Screen } from './screen.ts'
import { renderTable } from './table.ts'
import { age } from './times.ts'
import { harmless } from './width.ts'

type Reject = RejectsDocument['rejects'][number]

export function rejectsText({ rejects }: RejectsDocument, { style, width, now }: Screen): string {
  const columns = [
    { header: 'ID', align: 'right' as const },
    { header: 'FLOW', cut: true },
    { header: 'KEY', cut: true },
    { header: 'STATE' },
    { header: 'SEEN' },
    { header: 'TIMES', align: 'right' as const },
    { header: 'RUN' },
    { header: 'WHY' },
  ]
  const rows = rejects.map((r) => [
    String(r.id),
    r.flow,
    harmless(keyText(r.key)),
    { text: stateText(r), paint: r.status === 'open' ? style.warn : style.dim },
    age(r.last_at, now),
    count(r.times),
    r.run,
    harmless(`${r.code} ${r.message}`),
  ])
  return renderTable(columns, rows, width, style)
}

const stateText = ({ status, closed_by: by, closed_reason: reason }: Reject): string =>
  status === 'open'
    ? 'open'
    : `${status}${by === null ? '' : ` by ${by}`}${reason === null ? '' : `: ${harmless(reason)}`}`
