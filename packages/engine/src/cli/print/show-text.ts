import type { ShowDocument } from '@tidemark/contract/api'
import { decidedByText } from './decided-by.ts'
import { runErrorText } from './error.ts'
import { flowName } from './flow-name.ts'
import { count, isZero } from './numbers.ts'
import type { Screen } from './screen.ts'
import { statusPaint, statusWords } from './status-words.ts'
import { renderFields, renderTable } from './table.ts'
import { duration, localTime, offset } from './times.ts'
import { harmless } from './width.ts'

type Run = ShowDocument['run']
type Field = readonly [label: string, text: string]

export function showText({ run, steps, workers }: ShowDocument, screen: Screen): string {
  const { style, width } = screen
  const table = renderTable(
    [
      { header: 'STEP' },
      { header: 'STATUS' },
      { header: 'BATCHES', align: 'right' },
      { header: 'READ', align: 'right' },
      { header: 'INSERTED', align: 'right' },
      { header: 'UPDATED', align: 'right' },
    ],
    steps.map((step) => [
      `${step.step} ${step.name}`,
      { text: statusWords(step.status), paint: statusPaint(step.status, style) },
      `${count(step.batches_done)}/${count(step.batches)}`,
      count(step.rows.read),
      count(step.rows.inserted),
      count(step.rows.updated),
    ]),
    width,
    style,
  )
  const atWork = renderTable(
    [{ header: 'WORKER' }, { header: '' }, { header: 'BATCHES IN HAND' }],
    workers.map((w) => [w.worker, `${w.who}${w.owner ? '   owner' : ''}`, handText(w, screen)]),
    width,
    style,
  )
  const error = run.error === null ? '' : `\n${runErrorText(run.error, { flow: run.flow, run: run.run }, style)}`
  return `${renderFields(fieldsOf(run, screen), style)}${steps.length === 0 ? '' : `\n${table}`}${workers.length === 0 ? '' : `\n${atWork}`}${error}`
}

function handText({ batches, expired, until }: ShowDocument['workers'][number], { zone }: Screen): string {
  const text = batches.map((b) => `${b.batch}${b.attempt > 1 ? ` (attempt ${b.attempt})` : ''}`).join(', ')
  return `${text === '' ? 'none' : text}${expired ? `   free for others since ${localTime(until, zone)}` : ''}`
}

function fieldsOf(run: Run, { style, zone, now }: Screen): readonly Field[] {
  const started =
    run.started_at === null
      ? []
      : [
          [
            'started',
            `${localTime(run.started_at, zone)} (${offset(now, zone)})   took ${duration(run.duration_ms)}   by ${run.actor}`,
          ] as const,
        ]
  const rows = Object.entries(run.rows).flatMap(([what, n]) =>
    isZero(n) ? [] : [`${count(n)} ${what.replaceAll('_', ' ')}`],
  )
  return [
    ['run', `${style.bold(run.run ?? '–')}   ${flowName(run.flow, run.scope)}`],
    [
      'status',
      `${statusPaint(run.status, style)(statusWords(run.status))}${run.reason === null ? '' : `: ${harmless(run.reason)}`}`,
    ],
    ...started,
    ['command', harmless(run.command)],
    ...(run.lane === null ? [] : [['lane', run.lane] as const]),
    ...(run.window === null
      ? []
      : [
          [
            'window',
            `${run.window.after ?? 'the start'} to ${run.window.up_to ?? 'the end'}   ${harmless(decidedByText(run.window.decided_by))}`,
          ] as const,
        ]),
    ['rows', rows.length === 0 ? 'none' : rows.join(' · ')],
    ...(run.attempts > 1 ? [['attempts', count(run.attempts)] as const] : []),
    ...(run.group === null ? [] : [['group', run.group] as const]),
    ...(run.superseded_by === null ? [] : [['superseded by', run.superseded_by] as const]),
    ['plan', `as it was stored: tidemark show ${run.run ?? ''} --json`],
  ]
}
