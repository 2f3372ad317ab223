import type { SnapshotDocument, SnapshotJson, SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { flowName } from './flow-name.ts'
import { bytes, count } from './numbers.ts'
import { keyText } from './row-key.ts'
import type { Screen } from './screen.ts'
import type { Paint, Style } from './style.ts'
import { renderFields, renderTable } from './table.ts'
import { localTime, offset } from './times.ts'
import { harmless } from './width.ts'

export function snapshotsText({ snapshots }: SnapshotsDocument, { style, width, now, zone }: Screen): string {
  if (snapshots.length === 0) return 'No snapshot yet: tidemark snapshot take FLOW\n'
  const isArchived = snapshots.some(({ archive }) => archive !== null)
  const columns = [
    { header: 'SNAPSHOT' },
    { header: 'FLOW', cut: true },
    { header: `TAKEN (${offset(now, zone)})` },
    { header: 'ROWS', align: 'right' },
    { header: 'NEW', align: 'right' },
    { header: 'CHANGED', align: 'right' },
    { header: 'DELETED', align: 'right' },
    { header: 'IMAGE', align: 'right' },
    { header: 'STATUS' },
    ...(isArchived ? [{ header: 'ARCHIVE' }] : []),
  ] as const
  const rows = snapshots.map((s) => [
    s.snapshot,
    flowName(s.flow, s.scope),
    localTime(s.taken_at, zone),
    count(s.rows),
    count(s.difference.new),
    count(s.difference.changed),
    count(s.difference.deleted),
    bytes(BigInt(s.image_bytes)),
    { text: s.status === 'building' ? `building, by ${s.run}` : s.status, paint: statusPaint(s.status, style) },
    s.archive === null ? '' : { text: s.archive, paint: s.archive === 'archived' ? style.dim : style.warn },
  ])
  return renderTable(columns, rows, width, style)
}

/** After a run: what each snapshot found, and how to look at it. */
export const takenText = (snapshots: readonly SnapshotJson[], { style }: Screen): string =>
  snapshots
    .map(
      (s) =>
        `${style.bold(s.snapshot)}   ${differenceText(s.difference)}${s.previous === null ? '' : ` since ${s.previous}   tidemark snapshot diff ${s.flow} ${s.previous} ${s.snapshot}`}\n`,
    )
    .join('')

export const differenceText = ({ new: added, changed, deleted, unchanged }: SnapshotJson['difference']): string =>
  `${count(added)} new · ${count(changed)} changed · ${count(deleted)} deleted · ${count(unchanged)} unchanged`

const statusPaint = (status: SnapshotJson['status'], style: Style): Paint =>
  status === 'current' ? style.good : status === 'building' ? style.warn : style.dim

export function snapshotText(document: SnapshotDocument, { style, now, zone }: Screen): string {
  const { snapshot: s, key, compared, image, keys } = document
  const others = compared.filter(({ column }) => !key.includes(column))
  const some = (['new', 'changed', 'deleted'] as const).flatMap((kind) =>
    keys[kind].length === 0 ? [] : [[`some ${kind}`, keys[kind].map((k) => harmless(keyText(k))).join(', ')] as const],
  )
  return renderFields(
    [
      ['snapshot', `${style.bold(s.snapshot)}   ${flowName(s.flow, s.scope)}   ${s.status}`],
      ['taken', `${localTime(s.taken_at, zone)} (${offset(now, zone)})   by run ${s.run}`],
      ['rows', count(s.rows)],
      ['since', s.previous ?? 'nothing: the first of its scope, or asked for in full'],
      ['difference', differenceText(s.difference)],
      ...some,
      ...schemaFields(s.schema_change),
      ['key', harmless(key.join(', '))],
      [
        'compared',
        harmless(
          others
            .map(({ column, normalised }) => `${column}${normalised.length === 0 ? '' : ` (${normalised.join(', ')})`}`)
            .join(', '),
        ),
      ],
      ['engine', document.engine],
      ['image', image === null ? style.bad('the file is gone') : `${image}   ${bytes(BigInt(s.image_bytes))}`],
      ...(s.archive === null ? [] : [['archive', s.archive] as const]),
    ],
    style,
  )
}

export const schemaFields = (
  schema: SnapshotJson['schema_change'],
): readonly (readonly [label: string, text: string])[] =>
  (['added', 'removed', 'retyped'] as const).flatMap((what) =>
    schema[what].length === 0 ? [] : [[`columns ${what}`, harmless(schema[what].join(', '))] as const],
  )
