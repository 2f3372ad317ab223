import type { RunDocument, RunJson } from '@tidemark/contract/api'
import { bar } from '../progress/bar.ts'
import type { RunTracker } from '../progress/run-tracker.ts'
import { runErrorText } from './error.ts'
import { flowName, flowNameOfText } from './flow-name.ts'
import { count, counted, isZero, rate, sum } from './numbers.ts'
import type { Screen } from './screen.ts'
import { statusPaint, statusWords } from './status-words.ts'
import { type Cell, renderTable } from './table.ts'
import { duration, whenText } from './times.ts'
import { harmless, padEnd, textWidth } from './width.ts'

const BAR = 26
const RATE_FROM_MS = 50

/** What `run` and `resume` answer: a line for each run, then the sum. Errors of runs are `runErrors`. */
export function runResultText(document: RunDocument, tracker: RunTracker, screen: Screen): string {
  const { runs } = document
  const finished = runs.filter(
    (run) =>
      run.status === 'joined' ||
      run.status === 'succeeded' ||
      run.status === 'succeeded_with_rejects' ||
      run.status === 'dry_run',
  )
  const columns = [
    { header: '', cut: true },
    { header: '' },
    ...(screen.width !== null && screen.width >= 110 ? [{ header: '' }] : []),
    { header: '', align: 'right' as const },
    { header: '', align: 'right' as const },
    { header: '' },
  ]
  const room = Math.max(0, ...runs.map((run) => textWidth(flowName(run.flow, run.scope))))
  const name = (run: RunJson): string => padEnd(flowName(run.flow, run.scope), room)
  const done = finished.map((run): readonly Cell[] => [
    name(run),
    ...finishedCells(run, tracker, screen, columns.length === 6),
  ])
  const other = runs
    .filter((run) => !finished.includes(run))
    .map((run): readonly Cell[] => [name(run), otherText(run, tracker, screen)])
  // told apart in two tables: a sentence must not widen a column of numbers
  const text =
    renderTable(columns, done, screen.width, screen.style) +
    renderTable([{ header: '' }, { header: '' }], other, null, screen.style)
  return text + summary(document, tracker)
}

/** What went wrong, run by run, for stderr. */
export function runErrorsText({ runs }: RunDocument, tracker: RunTracker, { style }: Pick<Screen, 'style'>): string {
  return runs
    .filter((run) => run.error !== null && run.status === 'failed')
    .map((run) =>
      runErrorText(
        run.error ?? { code: '', message: '' },
        { flow: run.flow, run: run.run },
        style,
        tracker.remedyOf(run),
      ),
    )
    .join('')
}

function finishedCells(run: RunJson, tracker: RunTracker, { style }: Screen, withBar: boolean): readonly Cell[] {
  const { rows } = run
  const label =
    run.status === 'dry_run'
      ? 'dry run'
      : run.status === 'joined'
        ? 'joined'
        : tracker.find(run.run)?.resumed === true
          ? 'resumed'
          : run.window?.after === null
            ? 'initial load'
            : ''
  const speed =
    run.duration_ms >= RATE_FROM_MS && run.status !== 'dry_run'
      ? rate(Number(rows.read) / (run.duration_ms / 1000))
      : ''
  const details = [
    ...(run.status === 'dry_run' || String(rows.inserted) !== String(rows.read) ? countsText(run) : []),
    ...(run.status === 'succeeded_with_rejects'
      ? [`${count(rows.rejected)} rejected: tidemark rejects list ${run.flow}`]
      : []),
    ...(run.waiting !== null && !isZero(run.waiting.rows) ? [`${count(run.waiting.rows)} younger wait`] : []),
  ]
  const end = [run.status === 'dry_run' ? '' : `done in ${duration(run.duration_ms)}`, details.join(', ')]
    .filter((t) => t !== '')
    .join('   ')
  return [
    label,
    ...(withBar ? [{ text: bar(1, BAR), paint: style.good }] : []),
    counted(rows.read, 'row'),
    speed,
    { text: end, paint: statusPaint(run.status, { ...style, good: (t) => t }) },
  ]
}

function countsText({ rows, status }: RunJson): readonly string[] {
  const would = status === 'dry_run' ? 'would be ' : ''
  return (
    [
      [rows.inserted, 'inserted'],
      [rows.updated, 'updated'],
      [rows.deleted, 'deleted'],
      [rows.skipped_same, 'the same'],
      [rows.skipped_older, 'older'],
    ] as const
  ).flatMap(([n, what]) =>
    isZero(n) ? [] : [`${count(n)} ${what === 'the same' || what === 'older' ? '' : would}${what}`],
  )
}

function otherText(run: RunJson, tracker: RunTracker, screen: Screen): string {
  const words = statusPaint(run.status, screen.style)(statusWords(run.status))
  switch (run.status) {
    case 'nothing_to_do':
      return [
        [words, run.reason]
          .filter((t) => t !== null && t !== '')
          .map((t) => harmless(t ?? ''))
          .join(': '),
        waitingText(run, screen),
      ]
        .filter((t) => t !== '')
        .join('; ')
    case 'cancelled': {
      const tracked = tracker.find(run.run)
      const part =
        tracked?.batches == null
          ? ''
          : `${count(tracked.done)} of ${counted(tracked.batches, 'batch', 'batches')} ${tracked.done === 1 ? 'is' : 'are'} in · `
      return `${words}   ${part}${run.run === null ? '' : `resume: tidemark resume ${run.run}   (or just run the flow again)`}`.trimEnd()
    }
    case 'failed':
      return `${words} after ${duration(run.duration_ms)}   ${run.error?.code ?? ''}${run.run === null ? '' : `   run ${run.run}`}`.trimEnd()
    default:
      return [words, run.reason === null ? '' : harmless(run.reason)].filter((t) => t !== '').join(': ')
  }
}

function waitingText(run: RunJson, { now, zone }: Screen): string {
  if (run.waiting === null || isZero(run.waiting.rows)) return ''
  const { rows, until } = run.waiting
  const byBuffer = /buffer/i.test(run.window?.decided_by ?? '')
  const when = until === null ? 'with a later run' : `after ${whenText(until, now, zone)}`
  return byBuffer
    ? `${counted(rows, 'row')} younger than the buffer arrive ${when} (--buffer 0s takes them now)`
    : `${counted(rows, 'row')} younger than the window arrive ${when}`
}

/** `2 runs succeeded · 10 131 inserted · watermark of orders.orders is now …`; nothing where no row was looked at. */
function summary({ runs }: RunDocument, tracker: RunTracker): string {
  const statuses = new Map<string, number>()
  for (const run of runs) statuses.set(run.status, (statuses.get(run.status) ?? 0) + 1)
  if (statuses.size === 0) return 'No flow to run.\n'
  const moved = (['inserted', 'updated', 'deleted'] as const).flatMap((what) => {
    const total = sum(runs.map((run) => run.rows[what]))
    return total === 0n ? [] : [`${count(total)} ${statuses.has('dry_run') ? 'would be ' : ''}${what}`]
  })
  if (
    statuses.size === 1 &&
    runs.every((run) => run.status === 'nothing_to_do' || (run.status === 'cancelled' && runs.length === 1))
  )
    return ''
  const ends = [...statuses].map(([status, n]) =>
    status === 'dry_run'
      ? `${counted(n, 'dry run')}: nothing was written`
      : `${counted(n, 'run')} ${summaryWord(status, n)}`,
  )
  return `${[...ends, ...moved, ...watermarkTexts(tracker)].join(' · ')}\n`
}

const summaryWord = (status: string, n: number): string =>
  status === 'nothing_to_do'
    ? `had nothing to do`
    : status === 'joined'
      ? `joined, ${n === 1 ? 'its owner settles it' : 'their owners settle them'}`
      : status === 'planned' || status === 'running'
        ? `${n === 1 ? 'is' : 'are'} not ended`
        : status.replaceAll('_', ' ')

const MOST_WATERMARKS = 2

function watermarkTexts({ watermarks }: RunTracker): readonly string[] {
  if (watermarks.length > MOST_WATERMARKS) return [`${count(watermarks.length)} watermarks moved`]
  return watermarks.map((w) => `watermark of ${flowNameOfText(w.flow, w.scope)} is now ${w.to}`)
}
