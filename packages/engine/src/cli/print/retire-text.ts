import type { RetireDocument } from '@tidemark/contract/operate-documents'
import { count, counted } from './numbers.ts'
import type { Screen } from './screen.ts'
import { type Cell, renderTable } from './table.ts'

const TASKS = [
  { header: 'TASK', cut: true },
  { header: 'NAMED BY', cut: true },
  { header: 'STATE' },
  { header: 'RUNS', align: 'right' },
  { header: 'WATERMARKS', align: 'right' },
  { header: 'OPEN REJECTS', align: 'right' },
] as const

export function retireText(document: RetireDocument, { style, width }: Screen): string {
  const { connection, database, tasks, dry_run: dry, rows } = document
  const what = database === null ? `connection ${connection}` : `database ${database} of connection ${connection}`
  if (tasks.length === 0) return `No task names ${what}.\n`
  const lines = tasks.map((task): readonly Cell[] => [
    task.task,
    task.named_by[0] === undefined
      ? ''
      : `${task.named_by[0]}${task.named_by.length > 1 ? ` and ${task.named_by.length - 1} more` : ''}`,
    task.was_active ? (dry ? 'would go off' : { text: 'switched off', paint: style.good }) : 'was off',
    count(task.runs),
    count(task.watermarks),
    count(task.open_rejects),
  ])
  const running = tasks.filter((task) => task.running !== null)
  return [
    renderTable(TASKS, lines, width, style),
    `${counted(rows.task, 'task')} of ${what} ${dry ? 'would be' : rows.task === 1 ? 'is' : 'are'} switched off. `,
    `Kept: ${counted(rows.run, 'run')}, ${counted(rows.batch, 'batch', 'batches')}, ${counted(rows.watermark, 'watermark')}, ${counted(rows.reject, 'open reject')}\n`,
    ...running.map(
      (task) => `${task.running} of ${task.task} is under way: tidemark cancel ${task.running}   stops it\n`,
    ),
    dry || rows.task === 0 ? '' : 'No deploy switches them on again: is_active = 1 in the table task does\n',
  ].join('')
}
