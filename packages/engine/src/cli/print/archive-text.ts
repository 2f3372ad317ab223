import type {
  ArchiveJson,
  ArchivesDocument,
  CleanupDocument,
  RestoreDocument,
  SnapshotStatsDocument,
  ValidateDocument,
} from '@tidemark/contract/archive-documents'
import { flowName } from './flow-name.ts'
import { bytes, count, counted, sum } from './numbers.ts'
import type { Screen } from './screen.ts'
import { type Cell, renderTable } from './table.ts'
import { localTime, offset } from './times.ts'
import { harmless } from './width.ts'

const NONE =
  'No archive yet: capture: { kind: snapshot, archive: { connection: NAME } } archives the snapshots to come\n'

export function archivesText({ archives }: ArchivesDocument, screen: Screen): string {
  return archives.length === 0 ? NONE : tableOf(archives, screen) + problemsText(archives, screen)
}

/** After `--retry`. */
export function retriedText({ archives }: ArchivesDocument, screen: Screen): string {
  if (archives.length === 0) return 'Nothing is pending.\n'
  const left = archives.filter(({ state }) => state !== 'archived').length
  const done = archives.length - left
  const words = [
    ...(done > 0 ? [`${counted(done, 'archive')} written`] : []),
    ...(left > 0 ? [`${counted(left, 'archive')} not written`] : []),
  ]
  return `${tableOf(archives, screen)}${problemsText(archives, screen)}${words.join(' · ')}\n`
}

function tableOf(archives: readonly ArchiveJson[], { style, width, now, zone }: Screen): string {
  const columns = [
    { header: 'SNAPSHOT' },
    { header: 'FLOW', cut: true },
    { header: `TAKEN (${offset(now, zone)})` },
    { header: 'ROWS', align: 'right' },
    { header: 'SIZE', align: 'right' },
    { header: 'RATIO', align: 'right' },
    { header: 'UNTIL' },
    { header: 'STATE' },
    { header: 'TAGS', cut: true },
  ] as const
  const rows = archives.map((a): readonly Cell[] => [
    a.snapshot,
    flowName(a.flow, a.scope),
    localTime(a.taken_at, zone),
    a.rows === null ? '' : count(a.rows),
    a.bytes === null ? '' : bytes(BigInt(a.bytes)),
    ratioText(a.compression_ratio),
    a.retention_until === null ? 'for ever' : localTime(a.retention_until, zone),
    { text: a.state, paint: a.state === 'archived' ? style.good : a.state === 'pending' ? style.warn : style.bad },
    harmless(
      Object.entries(a.tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ),
  ])
  return renderTable(columns, rows, width, style)
}

const ratioText = (ratio: number | null): string => (ratio === null ? '' : ratio.toFixed(1))

function problemsText(archives: readonly ArchiveJson[], { style }: Screen): string {
  return archives
    .filter(({ problem }) => problem !== null)
    .map(({ snapshot, problem }) => style.warn(`${snapshot}   ${harmless(problem ?? '')}\n`))
    .join('')
}

export function validateText({ archives, full }: ValidateDocument, { style, width, now, zone }: Screen): string {
  if (archives.length === 0) return NONE
  const columns = [
    { header: 'SNAPSHOT' },
    { header: 'FLOW', cut: true },
    { header: `TAKEN (${offset(now, zone)})` },
    { header: 'ROWS', align: 'right' },
    { header: 'SIZE', align: 'right' },
    { header: 'ARCHIVE' },
  ] as const
  const rows = archives.map((a): readonly Cell[] => [
    a.snapshot,
    flowName(a.flow, a.scope),
    localTime(a.taken_at, zone),
    a.rows === null ? '' : count(a.rows),
    a.bytes === null ? '' : bytes(BigInt(a.bytes)),
    a.sound
      ? { text: 'sound', paint: style.good }
      : { text: [...new Set(a.problems.map(({ what }) => what.replaceAll('_', ' ')))].join(', '), paint: style.bad },
  ])
  const problems = archives.flatMap((a) =>
    a.problems.map(({ detail }) => style.bad(`${a.snapshot}   ${harmless(detail)}\n`)),
  )
  const bad = archives.filter(({ sound }) => !sound).length
  const how = full ? 'bytes and rows' : 'bytes'
  const end =
    bad === 0
      ? `${counted(archives.length, 'archive')} sound: ${how} read again\n`
      : `${count(bad)} of ${counted(archives.length, 'archive')} not sound\n`
  return renderTable(columns, rows, width, style) + problems.join('') + end
}

const WHY = {
  held: 'held by the tag hold',
  newest: 'the newest of its scope',
  retention: 'kept until its retention is over',
  pending: 'not written yet',
} as const

export function cleanupText(document: CleanupDocument, screen: Screen): string {
  const { archives, kept, failed, dry_run: dry } = document
  const size = bytes(sum(archives.map((a) => a.bytes ?? 0)))
  const gone =
    archives.length === 0
      ? `No archive ${dry ? 'would be' : 'was'} deleted`
      : `${counted(archives.length, 'archive')} of ${size} ${dry ? 'would be deleted' : 'deleted'}`
  const stay = Object.entries(WHY).flatMap(([why, words]) => {
    const n = kept.filter((k) => k.why === why).length
    return n === 0 ? [] : [`${count(n)} as old stay: ${words}`]
  })
  const failures = failed.map(({ snapshot, error }) => screen.style.bad(`${snapshot}   ${harmless(error.message)}\n`))
  const table = archives.length === 0 ? '' : tableOf(archives, screen)
  return `${table}${[gone, ...stay].join(' · ')}\n${failures.join('')}`
}

export function statsText({ days, scopes }: SnapshotStatsDocument, { style, width, now, zone }: Screen): string {
  if (scopes.length === 0) return NONE
  const columns = [
    { header: 'FLOW', cut: true },
    { header: 'ARCHIVES', align: 'right' },
    { header: 'PENDING', align: 'right' },
    { header: 'ROWS', align: 'right' },
    { header: 'SIZE', align: 'right' },
    { header: 'UNCOMPRESSED', align: 'right' },
    { header: 'RATIO', align: 'right' },
    { header: `OLDEST (${offset(now, zone)})` },
    { header: 'NEWEST' },
  ] as const
  const rows = scopes.map((s): readonly Cell[] => [
    flowName(s.flow, s.scope),
    count(s.archives),
    s.pending === 0 ? '0' : { text: count(s.pending), paint: style.warn },
    count(s.rows),
    bytes(BigInt(s.bytes)),
    bytes(BigInt(s.uncompressed_bytes)),
    ratioText(s.compression_ratio),
    s.oldest === null ? '' : localTime(s.oldest, zone),
    s.newest === null ? '' : localTime(s.newest, zone),
  ])
  return `${renderTable(columns, rows, width, style)}${style.dim(`taken within ${counted(days, 'day')}\n`)}`
}

export const restoreText = (d: RestoreDocument, { style, now, zone }: Screen): string =>
  `${style.bold(d.snapshot)}   ${flowName(d.flow, d.scope)}   ${localTime(d.taken_at, zone)} (${offset(now, zone)})   ${counted(d.rows, 'row')} from its ${d.from} → ${d.table === null ? d.file : `${d.table.name} in ${d.table.connection}`}\n`
