/** The control tables, which are the truth, as what the engine runs. */
import type { CaptureSchemas } from '@tidemark/contract/capture-schema'
import type { FlowSpec } from '@tidemark/contract/flow'
import { flowIdOf, NAME_PATTERN, parseModuleId, parseTaskId } from '@tidemark/contract/ids'
import { ScheduleSchema } from '@tidemark/contract/project-schema'
import type { CatalogRows, ModuleRow, TaskRow } from '../control/control-store.ts'
import type { KnownConnections } from './known-connections.ts'
import { idProblems, type NamedPlace } from './ids.ts'
import { flowParser, type FlowParser, isBuiltKind, parseConnection } from './parse-flow.ts'
import { parseLocated } from './parse-located.ts'
import { type DefinitionProblem, type RowPlace, sortProblems } from './problem.ts'
import { readJson } from './read-json.ts'
import { FLOW_TYPE, locateFlow } from './rows.ts'
import { literalSecrets } from './secrets.ts'

export interface ConnectionSpec {
  readonly id: string
  readonly kind: string
  /** secrets still as references */
  readonly options: Readonly<Record<string, unknown>>
}

export interface ResolvedCatalog {
  readonly connections: ReadonlyMap<string, ConnectionSpec>
  readonly modules: readonly ModuleRow[]
  /** active and inactive ones that are sound, in the order they run */
  readonly flows: readonly FlowSpec[]
  /** what stops every command that moves rows */
  readonly problems: readonly DefinitionProblem[]
  /** problems of tasks and modules that are switched off: said by `check`, in nobody's way */
  readonly inactiveProblems: readonly DefinitionProblem[]
}

export function resolveCatalog(rows: CatalogRows, captures: CaptureSchemas): ResolvedCatalog {
  const problems: DefinitionProblem[] = []
  const connections = new Map<string, ConnectionSpec>()
  for (const { id, kind, options } of rows.connections) {
    const place = rowPlace('connection', id, 'options')
    const read = readJson(options, place, null)
    const parsed = parseConnection(kind, { ...place, field: 'kind' }, read.root)
    problems.push(...read.problems, ...parsed.problems)
    connections.set(id, { id, kind, options: parsed.options })
  }
  const known: KnownConnections = new Map(
    [...connections].map(([id, { kind }]) => [id, { kind, built: isBuiltKind(kind) }]),
  )

  const inactiveModules = new Set(rows.modules.filter((m) => !m.isActive).map((m) => m.id))
  const isActive = (task: TaskRow): boolean => task.isActive && !inactiveModules.has(task.module)
  const ofTasks: DefinitionProblem[] = [...idsOf(rows)]
  const flows: FlowSpec[] = []
  const parse = flowParser(captures)
  for (const row of rows.tasks) {
    const resolved = resolveTask(row, isActive(row), known, parse)
    if (resolved.flow !== null) flows.push(resolved.flow)
    ofTasks.push(...resolved.problems)
  }

  const schedules = rows.modules.map((row) => ({ row, problems: scheduleProblems(row) }))
  const ofModules = (on: boolean) => schedules.flatMap(({ row, problems: p }) => (row.isActive === on ? p : []))

  const active = new Set(rows.tasks.filter(isActive).map((t) => `${t.module}.${t.id}`))
  const stops = (p: DefinitionProblem): boolean => p.task === null || active.has(p.task)
  return {
    connections,
    modules: rows.modules,
    flows: flows.sort(inOrder),
    problems: sortProblems([...problems, ...ofModules(true), ...ofTasks.filter(stops)]),
    inactiveProblems: sortProblems([...ofModules(false), ...ofTasks.filter((p) => !stops(p))]),
  }
}

/** A schedule may have been edited by SQL. */
function scheduleProblems({ id, schedule }: ModuleRow): readonly DefinitionProblem[] {
  if (schedule === null) return []
  const read = readJson(schedule, rowPlace('module', id, 'schedule'), null)
  if (read.problems.length > 0) return read.problems
  const parsed = parseLocated(ScheduleSchema, read.root, null)
  return parsed.ok ? [] : parsed.problems
}

interface ResolvedTask {
  readonly flow: FlowSpec | null
  readonly problems: readonly DefinitionProblem[]
}

function resolveTask(row: TaskRow, active: boolean, known: KnownConnections, parse: FlowParser): ResolvedTask {
  const task = `${row.module}.${row.id}`
  if (row.type !== FLOW_TYPE) {
    const read = readJson(row.transformationConfig, rowPlace('task', task, 'transformation_config'), task)
    return { flow: null, problems: [...read.problems, ...literalSecrets(read.root, 'config', task)] }
  }
  if (!NAME_PATTERN.test(row.module) || !NAME_PATTERN.test(row.id)) return { flow: null, problems: [] } // idsOf says so
  const located = locateFlow(row)
  if (located.problems.length > 0) return { flow: null, problems: located.problems }
  const parsed = parse(located.root, known, task)
  if (!parsed.ok) return { flow: null, problems: parsed.problems }
  const module = parseModuleId(row.module)
  const id = parseTaskId(row.id)
  const identity = {
    id: flowIdOf(module, id),
    module,
    task: id,
    order: row.executionOrder,
    active,
    version: row.version,
  }
  return { flow: { ...identity, ...parsed.value }, problems: [] }
}

const rowPlace = (table: RowPlace['table'], key: string, field: string): RowPlace => ({ table, key, field })

function idsOf({ connections, modules, tasks }: CatalogRows): readonly DefinitionProblem[] {
  const ofModule = Map.groupBy(tasks, (t) => t.module)
  const named = (table: RowPlace['table'], id: string): NamedPlace => ({
    id,
    place: rowPlace(table, id, 'id'),
    task: null,
  })
  return [
    ...idProblems(
      'connection',
      connections.map(({ id }) => named('connection', id)),
    ),
    ...idProblems(
      'module',
      modules.map(({ id }) => named('module', id)),
    ),
    ...[...ofModule].flatMap(([module, own]) =>
      // one that is switched off collides as well: its job and its history bear the name
      idProblems(
        'task',
        own.map(({ id }) => ({ id, place: rowPlace('task', `${module}.${id}`, 'id'), task: null })),
      ),
    ),
  ]
}

const inOrder = (a: FlowSpec, b: FlowSpec): number =>
  compare(a.module, b.module) || a.order - b.order || compare(a.task, b.task)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
