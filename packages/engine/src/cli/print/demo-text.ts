import path from 'node:path'
import type { DemoDocument, DemoRun } from '../../demo/demo-document.ts'
import { count, type CountLike, isZero } from './numbers.ts'
import type { Screen } from './screen.ts'
import { type Column, renderTable } from './table.ts'

const right = { align: 'right' } as const
const COLUMNS: readonly Column[] = [
  { header: 'ACT', cut: true },
  { header: 'RUN' },
  { header: 'STATUS' },
  { header: 'INSERTED', ...right },
  { header: 'UPDATED', ...right },
  { header: 'THE SAME', ...right },
  { header: 'SECONDS', ...right },
]

const LONGEST_CALL = 30

/** The end of the demo: its runs in a table, and what to try next. */
export function demoText(
  { acts, project, command, differences, stays }: DemoDocument,
  cwd: string,
  { style, width }: Screen,
): string {
  const rows = acts.map((run, i) => [run.act === acts[i - 1]?.act ? '' : run.act, ...cellsOf(run)])
  const there = path.relative(cwd, project)
  const hints = [
    ['status', 'where the flow stands'],
    ['runs', 'every run of the ledger'],
    ['show RUN', 'one of them, step by step'],
    ['watermarks', 'of all, and of the one unit'],
    ...(stays ? [['plan documents.files', 'what the next run would do'] as const] : []),
  ] as const
  // a long way to the program is said once
  const [call, note] =
    command.length <= LONGEST_CALL ? [command, ''] : ['tidemark', `   # tidemark stands for ${command}`]
  const room = Math.max(...hints.map(([typed]) => typed.length))
  return [
    '',
    renderTable(COLUMNS, rows, width, style),
    differences === 0n
      ? style.good('Nothing was lost, nothing came twice.')
      : style.bad(`${count(differences)} differences between source and target.`),
    '',
    stays
      ? 'The project it played in is an ordinary one. Look around:'
      : 'The server it played on has ended with its databases; the ledger is there. Look around:',
    `  cd ${there === '' ? '.' : there.startsWith('..') ? project : there}${note}`,
    ...hints.map(([typed, what]) => `  ${call} ${typed.padEnd(room)}   ${what}`),
    ...(stays ? [] : ['With --postgres URL the demo plays in a database of yours, which stays.']),
    '',
  ].join('\n')
}

const cellsOf = ({ run, status, rows, seconds }: DemoRun): readonly string[] => [
  run ?? '',
  status.replaceAll('_', ' '),
  ...[rows.inserted, rows.updated, rows.skipped_same].map(some),
  seconds.toFixed(1),
]

const some = (n: CountLike): string => (isZero(n) ? '' : count(n))
