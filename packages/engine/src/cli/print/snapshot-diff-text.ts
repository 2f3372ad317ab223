import type { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import { flowName } from './flow-name.ts'
import { bytes, count, counted } from './numbers.ts'
import { keyText } from './row-key.ts'
import type { Screen } from './screen.ts'
import { differenceText, schemaFields } from './snapshot-text.ts'
import { renderFields, renderTable } from './table.ts'
import { localTime, offset } from './times.ts'
import { valueText } from './value-text.ts'
import { harmless } from './width.ts'

/** Which columns change most; beyond, a reader has the JSON. */
const MOST_COLUMNS = 10

export function snapshotDiffText(d: SnapshotDiffDocument, screen: Screen): string {
  const { style, now, zone } = screen
  const of = (s: SnapshotDiffDocument['before']): string =>
    `${s.snapshot}   ${flowName(s.flow, s.scope)}   ${localTime(s.taken_at, zone)} (${offset(now, zone)})   ${counted(s.rows, 'row')}`
  const head = renderFields(
    [
      ['before', of(d.before)],
      ['after', of(d.after)],
      ...(d.only === null ? [] : [['columns', harmless(d.only.join(', '))] as const]),
      ['difference', differenceText(d.difference)],
      ...schemaFields(d.schema_change),
      ...(d.columns.length === 0 ? [] : [['changes in', columnsText(d.columns)] as const]),
    ],
    style,
  )
  if (d.out !== null) return head + writtenText(d.out)
  const rows = rowsOf(d, screen)
  return rows.length === 0 ? head : `${head}\n${tableOf(rows, screen)}${leftText(d, style.dim)}`
}

const writtenText = ({ file, lines, bytes: size }: NonNullable<SnapshotDiffDocument['out']>): string =>
  `${[`written to ${file}`, ...(lines === null ? [] : [counted(lines, 'line')]), bytes(BigInt(size))].join('   ')}\n`

function columnsText(columns: SnapshotDiffDocument['columns']): string {
  const shown = columns.slice(0, MOST_COLUMNS).map(({ column, rows }) => `${harmless(column)} ${count(rows)}`)
  const more = columns.length - MOST_COLUMNS
  return `${shown.join(' · ')}${more > 0 ? ` · ${counted(more, 'more column')}` : ''}`
}

type Cells = Parameters<typeof renderTable>[1][number]

const tableOf = (rows: readonly Cells[], { style, width }: Screen): string =>
  renderTable(
    [
      { header: 'KEY', cut: true },
      { header: 'WHAT' },
      { header: 'COLUMN', cut: true },
      { header: 'BEFORE', cut: true },
      { header: 'AFTER', cut: true },
    ],
    rows,
    width,
    style,
  )

function rowsOf(d: SnapshotDiffDocument, { style }: Screen): readonly Cells[] {
  const alone = (keys: SnapshotDiffDocument['new'], text: string, paint: typeof style.good): readonly Cells[] =>
    keys.map((key) => [harmless(keyText(key)), { text, paint }, '', '', ''])
  return [
    ...alone(d.new, 'new', style.good),
    ...d.changed.flatMap(({ key, values }) =>
      values.map(
        (v, i): Cells => [
          i === 0 ? harmless(keyText(key)) : '',
          i === 0 ? { text: 'changed', paint: style.warn } : '',
          harmless(v.column),
          valueText(v.old),
          valueText(v.new),
        ],
      ),
    ),
    ...alone(d.deleted, 'deleted', style.bad),
  ]
}

function leftText(d: SnapshotDiffDocument, dim: (text: string) => string): string {
  const listed = { new: d.new.length, changed: d.changed.length, deleted: d.deleted.length }
  const left = (['new', 'changed', 'deleted'] as const).flatMap((kind) => {
    const more = BigInt(d.difference[kind]) - BigInt(listed[kind])
    return more > 0n ? [`${count(more)} more ${kind}`] : []
  })
  return left.length === 0 ? '' : dim(`${left.join(', ')}: --limit N, or --all\n`)
}
