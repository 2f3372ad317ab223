import type { KeyHistoryDocument } from '@tidemark/contract/archive-documents'
import { flowName } from './flow-name.ts'
import { keyText } from './row-key.ts'
import type { Screen } from './screen.ts'
import type { Paint, Style } from './style.ts'
import { type Cell, renderTable } from './table.ts'
import { localTime, offset } from './times.ts'
import { valueText } from './value-text.ts'
import { harmless } from './width.ts'

type Step = KeyHistoryDocument['history'][number]

export function keyHistoryText(document: KeyHistoryDocument, { style, width, now, zone }: Screen): string {
  const { flow, key, history, unread } = document
  const failures = unread.map(({ snapshot, error }) => style.bad(`${snapshot}   ${harmless(error.message)}\n`)).join('')
  if (!history.some(({ values }) => values !== null))
    return `No snapshot of ${flow} that can be read has a row of the key ${harmless(keyText(key))}\n${failures}`
  const columns = [
    { header: 'SNAPSHOT' },
    { header: 'FLOW', cut: true },
    { header: `TAKEN (${offset(now, zone)})` },
    { header: 'FROM' },
    { header: 'WHAT' },
    { header: 'COLUMN', cut: true },
    { header: 'BEFORE', cut: true },
    { header: 'AFTER', cut: true },
  ] as const
  const rows = history.flatMap((step): readonly (readonly Cell[])[] => {
    const head: readonly Cell[] = [
      step.snapshot,
      flowName(flow, step.scope),
      localTime(step.taken_at, zone),
      step.from,
      { text: step.what, paint: paintOf(step.what, style) },
    ]
    const [first, ...others] = step.changes.map((c): readonly Cell[] => [
      harmless(c.column),
      valueText(c.old),
      valueText(c.new),
    ])
    return [[...head, ...(first ?? [])], ...others.map((cells) => ['', '', '', '', '', ...cells])]
  })
  return renderTable(columns, rows, width, style) + failures
}

function paintOf(what: Step['what'], style: Style): Paint {
  switch (what) {
    case 'new':
      return style.good
    case 'changed':
      return style.warn
    case 'deleted':
      return style.bad
    case 'unchanged':
    case 'absent':
      return style.dim
  }
}
