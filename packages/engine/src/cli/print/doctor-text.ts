import type { DoctorDocument } from '@tidemark/contract/api'
import { counted } from './numbers.ts'
import type { Screen } from './screen.ts'
import { harmless, padEnd, textWidth } from './width.ts'

const INDENT = '       '

/** What is fine in one line each; what is not with its remedy below. */
export function doctorText({ checks }: DoctorDocument, { style }: Screen): string {
  const paint = { ok: style.good, warn: style.warn, fail: style.bad }
  const room = Math.max(...checks.map(({ id }) => textWidth(id)))
  const lines = checks.flatMap(({ id, subject, status, detail, remedy }) => {
    const [first = '', ...rest] = harmless(detail).split('\n')
    return [
      `${paint[status](padEnd(status, 4))}   ${padEnd(id, room)}   ${harmless(subject)}   ${first}`,
      ...rest.map((line) => `${INDENT}${line}`),
      ...remedy.map((line) => `${INDENT}${style.bold('→')} ${harmless(line)}`),
    ]
  })
  const number = (wanted: string): number => checks.filter(({ status }) => status === wanted).length
  const [bad, doubtful] = [number('fail'), number('warn')]
  const verdict =
    bad > 0
      ? style.bad(`${counted(bad, 'check')} failed${doubtful > 0 ? `, ${counted(doubtful, 'warning')}` : ''}`)
      : doubtful > 0
        ? style.warn(`nothing failed, ${counted(doubtful, 'warning')}`)
        : style.good('everything is fine')
  return `${[...lines, verdict].join('\n')}\n`
}
