/** The flows of examined tables as a module file, with the reasons as comments, and left-out ones ready to be mended. */
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import { stringify } from 'yaml'
import type { JsonMap } from '../definition/canonical.ts'
import { moduleText } from '../definition/export.ts'
import { type Examined, type ProposedPosition, type ProposedTree, rowsText } from './proposal.ts'

export interface ModulePlan {
  readonly module: string
  readonly source: string
  readonly target: string
  readonly flows: readonly FlowPlan[]
}

export interface FlowPlan {
  readonly id: string
  readonly of: Examined
  /** what its capture orders by; null: backfill */
  readonly position: ProposedPosition | null
  /** why it is backfill though there is a position */
  readonly noPosition: string | null
  /** why the flow is only a comment; null: it is written */
  readonly leftOut: string | null
}

export function moduleYaml(plan: ModulePlan): string {
  const written = plan.flows.filter((f) => f.leftOut === null)
  const left = plan.flows.filter((f) => f.leftOut !== null)
  return [
    `# Proposed by tidemark discover ${plan.source}: one flow a table, with the reasons. Edit it: it is yours now.`,
    '# Times without a zone are taken as UTC: where they are a local wall clock, add clock: local and its zone.',
    '# Stamps are taken as set by the database itself: where the application sets them, add stamped_by: application.',
    `module: ${plan.module}`,
    written.length === 0 ? 'tasks: []' : 'tasks:',
    ...written.flatMap((flow) => [
      ...aboutFlow(flow).map((line) => `  # ${inComment(line)}`),
      ...taskLines(plan, flow),
      ...aboutTree(flow.of.tree).map((line) => `      # ${inComment(line)}`),
    ]),
    ...left.flatMap((flow) => [
      `  # left out: ${inComment(flow.leftOut ?? '')}`,
      ...aboutFlow(flow).map((line) => `  # ${inComment(line)}`),
      ...(flow.of.broken === null ? taskLines(plan, flow).map((line) => `  # ${inComment(line.slice(2))}`) : []),
    ]),
    '',
  ].join('\n')
}

/** Names and messages come from other people's systems: none may end a comment. */
const inComment = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')

function aboutFlow({ of, position, noPosition }: FlowPlan): readonly string[] {
  const size = of.rows === null ? 'rows not counted' : `${of.rowsAre === 'counted' ? '' : 'about '}${rowsText(of.rows)}`
  const named = `${formatTableName(of.table.table)}: ${of.table.kind === 'table' ? '' : `${of.table.kind}, `}${size}`
  if (of.broken !== null) return [`${named}   ${of.broken}`]
  const others = of.positions.filter((p) => p !== position)
  return [
    named,
    of.key === null ? `  no key: ${of.noKey}` : `  key ${of.key.columns.join(', ')}: ${of.key.reason}`,
    position === null
      ? `  no position: ${noPosition ?? 'backfill compares all keys; it sees neither updates nor deletes'}`
      : `  position ${aboutPosition(position)}`,
    ...others.map((p) => `  perhaps a position: ${aboutPosition(p)}`),
    ...of.refused.map((r) => `  no position: ${r.column} has ${r.why}`),
  ]
}

const aboutPosition = (p: ProposedPosition): string =>
  `${columnText(p)}: ${[p.reason, ...p.remarks.filter((r) => r !== 'join')].join('; ')}`

export const columnText = ({ join, column }: ProposedPosition): string =>
  formatColumnRef({ table: join?.as ?? null, column })

function aboutTree(tree: ProposedTree | null): readonly string[] {
  if (tree === null) return []
  if (tree.sure) return [`a tree: ${tree.reason}`]
  return [`perhaps a tree: ${tree.reason}`, `shape: ${inLine(shapeOf(tree))}`]
}

const inLine = (value: JsonMap): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()

const shapeOf = ({ locator, parent }: ProposedTree): JsonMap => ({ kind: 'tree', locator, parent })

/** A task as the exported YAML has it, two columns in. */
function taskLines(plan: ModulePlan, flow: FlowPlan): readonly string[] {
  const text = moduleText({ module: plan.module, tasks: [{ id: flow.id, flow: flowOf(plan, flow) }] })
  return text.trimEnd().split('\n').slice(2)
}

function flowOf({ source, target }: ModulePlan, { of, position }: FlowPlan): JsonMap {
  const table = formatTableName(of.table.table)
  const join = position?.join ?? null
  return {
    source: {
      connection: source,
      table,
      ...(join === null ? {} : { join: [{ table: formatTableName(join.table), as: join.as, on: join.on }] }),
    },
    target: { connection: target, table },
    key: of.key?.columns ?? [],
    capture: position === null ? 'backfill' : captureBy(position),
    apply: position === null ? 'insert-missing' : 'latest',
    ...(of.tree?.sure === true ? { shape: shapeOf(of.tree) } : {}),
  }
}

/** The defaults of a project may be those of times. */
const captureBy = (position: ProposedPosition): JsonMap => ({
  kind: 'watermark',
  position: columnText(position),
  ...(position.order === 'number' ? { clock: 'number', buffer: 0 } : {}),
  ...(position.order === 'rowversion' ? { clock: 'rowversion' } : {}),
})
