import type { PlanDocument } from '@tidemark/contract/api'
import { decidedByText } from './decided-by.ts'
import { runErrorText } from './error.ts'
import { flowName } from './flow-name.ts'
import { count, counted, isZero } from './numbers.ts'
import type { Screen } from './screen.ts'
import { renderFields, renderTable } from './table.ts'
import { whenText } from './times.ts'
import { harmless, oneLine } from './width.ts'

type Plan = PlanDocument['plans'][number]
type Field = readonly [label: string, text: string]

const EXACT = 'lossless'
const ALWAYS_SAID = [EXACT, 'narrowed']

export function planText({ plans }: PlanDocument, withSql: boolean, screen: Screen): string {
  if (plans.length === 0) return 'No flow to plan.\n'
  const only = plans.length === 1 ? plans[0] : undefined
  const again =
    only === undefined
      ? 'tidemark run with the same flows'
      : `tidemark run ${only.flow}${Object.entries(only.scope)
          .map(([k, v]) => ` --scope ${k}=${v}`)
          .join('')}`
  const stops = plans.some((plan) => plan.stops !== null)
  const next = stops ? 'A run would stop as said above.' : `Run it: ${again}`
  return `${plans.map((plan) => onePlan(plan, withSql, screen)).join('\n')}Nothing was written. ${next}\n`
}

function onePlan(plan: Plan, withSql: boolean, screen: Screen): string {
  const { style } = screen
  const heading = [
    style.bold(flowName(plan.flow, plan.scope)),
    `${plan.source} → ${plan.target}`,
    `lane ${plan.lane}`,
    `capture ${plan.capture}`,
    `apply ${plan.apply}`,
    plan.shape,
  ]
  const fields: Field[] = [
    ...(plan.resumes === null
      ? []
      : [['resumes', `run ${plan.resumes} first, as it was planned; then the window below`] as const]),
    ...windowFields(plan),
    ...(plan.nothing_to_do === null ? [] : [['to do', `nothing: ${plan.nothing_to_do}`] as const]),
    ...waitingFields(plan, screen),
    ...(plan.steps.length === 0 ? [] : [['steps', stepsText(plan, screen).trimEnd()] as const]),
    ...columnFields(plan),
    ...(plan.create_table === null ? [] : [['creates', plan.create_table] as const]),
    ...plan.notes.map((note) => ['notes', note] as const),
    ...(plan.sql.length === 0 || withSql ? [] : [['SQL', `tidemark plan ${plan.flow} --sql`] as const]),
  ]
  const sql = withSql
    ? plan.sql.map(({ name, text }) => `\n${style.dim(`-- ${oneLine(name)}`)}\n${harmless(text).trimEnd()}\n`).join('')
    : ''
  return `${heading.join('   ')}\n${renderFields(
    fields.map(([label, text]) => [label, harmless(text)]),
    style,
  )}${sql}${stopsText(plan, style)}`
}

function stopsText({ flow, stops }: Plan, style: Screen['style']): string {
  return stops === null ? '' : runErrorText(stops, { flow }, style, stops.remedy)
}

function windowFields({ window }: Plan): readonly Field[] {
  if (window === null) return []
  const upTo = window.up_to ?? 'the end'
  const range = window.after === null ? `everything up to ${upTo}` : `${window.after} < position <= ${upTo}`
  return [
    ['window', range],
    ['window', decidedByText(window.decided_by)],
  ]
}

function waitingFields({ waiting }: Plan, { now, zone }: Screen): readonly Field[] {
  if (waiting === null || isZero(waiting.rows)) return []
  const until = waiting.until === null ? '' : `, until ${whenText(waiting.until, now, zone)}`
  return [['waiting', `${counted(waiting.rows, 'row')} younger than the window wait${until}`]]
}

function stepsText(plan: Plan, { style }: Screen): string {
  const rows = plan.steps.map((step, i) => [
    `${i + 1} ${step.name}`,
    step.rows === null ? 'rows not known yet' : `~ ${count(step.rows)} ${String(step.rows) === '1' ? 'row' : 'rows'}`,
    step.batches === null ? '' : counted(step.batches, 'batch', 'batches'),
  ])
  const columns = [{ header: '' }, { header: '', align: 'right' }, { header: '', align: 'right' }] as const
  return renderTable(columns, rows, null, style)
}

function columnFields({ columns }: Plan): readonly Field[] {
  if (columns.length === 0) return []
  const byFidelity = Map.groupBy(columns, (column) => column.fidelity)
  const kinds = new Set([...ALWAYS_SAID, ...byFidelity.keys()])
  const counts = [...kinds].map((kind) => `${count(byFidelity.get(kind)?.length ?? 0)} ${kind}`).join(' · ')
  const others = columns
    .filter((column) => column.fidelity !== EXACT)
    .map((column): Field => ['columns', inexact(column)])
  const renamed = columns
    .filter((column) => column.fidelity === EXACT && column.target !== column.source)
    .map((column) => `${column.source} → ${column.target}`)
  return [
    ['columns', counts],
    ...others,
    ...(renamed.length === 0 ? [] : [['columns', `renamed: ${renamed.join(', ')}`] as const]),
  ]
}

function inexact({ source, target, source_type, type, fidelity, reason }: Plan['columns'][number]): string {
  const name = target === source ? source : `${source} → ${target}`
  const types = source_type === type ? type : `${source_type} → ${type}`
  return [name, types, reason === null ? fidelity : `${fidelity}: ${reason}`].join('   ')
}
