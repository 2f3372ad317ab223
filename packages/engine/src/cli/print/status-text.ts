import type { StatusDocument } from '@tidemark/contract/api'
import { flowName } from './flow-name.ts'
import { counted, isZero } from './numbers.ts'
import type { Screen } from './screen.ts'
import { statusPaint, statusWords } from './status-words.ts'
import { type Cell, renderTable } from './table.ts'
import { age, clockTime, lag } from './times.ts'

type Flow = StatusDocument['flows'][number]
const NONE = '–'

export function statusText({ flows }: StatusDocument, screen: Screen): string {
  if (flows.length === 0) return 'No flow yet. Deploy what the YAML defines: tidemark deploy\n'
  const columns = [
    { header: 'FLOW', cut: true },
    { header: 'LAST RUN' },
    { header: 'WATERMARK' },
    { header: 'LAG' },
    { header: 'AGE' },
    { header: 'STATE' },
  ]
  const rows = flows.map((flow) => [
    flowName(flow.flow, flow.scope),
    lastRun(flow, screen),
    flow.watermark ?? NONE,
    flow.lag_ms === null ? NONE : lag(flow.lag_ms),
    flow.age_ms === null ? NONE : lag(flow.age_ms),
    stateText(flow, screen),
  ])
  return renderTable(columns, rows, screen.width, screen.style)
}

function lastRun({ last_run: last }: Flow, { style, now }: Screen): Cell {
  if (last === null) return 'never'
  const when = last.finished_at === null ? '' : ` ${age(last.finished_at, now)}`
  return {
    text: `${statusWords(last.status)}${when}${last.error === null ? '' : `  ${last.error.code}`}`,
    paint: statusPaint(last.status, style),
  }
}

function stateText(flow: Flow, { now, zone }: Screen): string {
  const parts = [
    flow.active || flow.state === 'switched off' ? '' : 'switched off',
    flow.state,
    isZero(flow.open_rejects) ? '' : `${counted(flow.open_rejects, 'reject')} open`,
    isZero(flow.unmatched) ? '' : `${counted(flow.unmatched, 'row')} not placed yet, looked for by each run`,
    flow.holder === null || flow.state.includes(flow.holder.owner)
      ? ''
      : `held by ${flow.holder.owner} until ${clockTime(flow.holder.until, now, zone)}`,
  ].filter((t) => t !== '')
  return parts.length === 0 ? NONE : parts.join(' · ')
}
