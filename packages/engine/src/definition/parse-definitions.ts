/** YAML that was read, as rows: defaults merged in, everything checked, nothing opened. */
import type { CaptureSchemas } from '@tidemark/contract/capture-schema'
import { ModuleSchema, ProjectSchema } from '@tidemark/contract/project-schema'
import type { CatalogRows } from '../control/control-store.ts'
import { canonicalJson, type Json, type JsonMap } from './canonical.ts'
import type { KnownConnections } from './known-connections.ts'
import { idProblems, type NamedPlace } from './ids.ts'
import { emptyMap, entryOf, type Located, mergeDefaults, placeOf, toPlain } from './located.ts'
import { type FlowParser, flowParser, isBuiltKind, parseConnection } from './parse-flow.ts'
import { parseLocated } from './parse-located.ts'
import { type DefinitionProblem, sortProblems } from './problem.ts'
import type { ReadYaml } from './read-yaml.ts'
import {
  configsOfFlow,
  configsOfType,
  type DeclaredConnection,
  type DeclaredModule,
  type DeclaredTask,
  type DefinitionRows,
  FLOW_TYPE,
} from './rows.ts'
import { literalSecrets } from './secrets.ts'

export interface DefinitionFiles {
  /** tidemark.yaml */
  readonly project: ReadYaml
  readonly modules: readonly ReadYaml[]
}

export interface LoadedDefinitions {
  readonly rows: DefinitionRows
  /** as far as they are in the way: what is not built yet does not matter to a task that is switched off */
  readonly problems: readonly DefinitionProblem[]
  /** module → the file it stands in, relative to the project */
  readonly files: ReadonlyMap<string, string>
}

export function parseDefinitions(
  files: DefinitionFiles,
  captures: CaptureSchemas,
  tables: CatalogRows | null,
): LoadedDefinitions {
  const problems: DefinitionProblem[] = [...files.project.problems]
  const project = parseLocated(ProjectSchema, files.project.root, null)
  if (!project.ok && problems.length === 0) problems.push(...project.problems)
  const connections = readConnections(entryOf(files.project.root, 'connections'), problems)
  const known: KnownConnections = new Map(
    [...(tables?.connections ?? []), ...connections].map(({ id, kind }) => [id, { kind, built: isBuiltKind(kind) }]),
  )
  const context: ModuleContext = {
    defaults: entryOf(files.project.root, 'defaults'),
    connections: known,
    parse: flowParser(captures),
    problems,
    switchedOff: switchedOff(tables),
  }
  const modules = files.modules.flatMap((file) => {
    problems.push(...file.problems)
    const read = file.problems.length === 0 ? readModule(file, context) : null
    return read === null ? [] : [{ ...read, file: file.source.file }]
  })
  problems.push(
    ...idProblems(
      'module',
      modules.map(({ module, root }) => ({ id: module.id, place: placeOf(root, ['module']), task: null })),
    ),
  )
  return {
    rows: { connections, modules: modules.map(({ module }) => module), tasks: modules.flatMap(({ tasks }) => tasks) },
    problems: sortProblems(
      problems.filter((p) => !(p.code === 'TM1017' && p.task !== null && context.switchedOff.has(p.task))),
    ),
    files: new Map(modules.map(({ module, file }) => [module.id, file])),
  }
}

interface ModuleContext {
  readonly defaults: Located | undefined
  readonly connections: KnownConnections
  readonly parse: FlowParser
  readonly problems: DefinitionProblem[]
  /** `module.task` */
  readonly switchedOff: Set<string>
}

function switchedOff(tables: CatalogRows | null): Set<string> {
  const modules = new Set(tables?.modules.filter((m) => !m.isActive).map((m) => m.id))
  const off = tables?.tasks.filter((t) => !t.isActive || modules.has(t.module)) ?? []
  return new Set(off.map((t) => `${t.module}.${t.id}`))
}

function readConnections(located: Located | undefined, problems: DefinitionProblem[]): readonly DeclaredConnection[] {
  if (located?.kind !== 'map') return []
  problems.push(
    ...idProblems(
      'connection',
      [...located.entries].map(([id, { key }]) => ({ id, place: key, task: null })),
    ),
  )
  return [...located.entries].flatMap(([id, { key, value }]) => {
    if (value.kind !== 'map') return [] // ProjectSchema says so
    const kind = entryOf(value, 'kind')
    if (kind?.kind !== 'scalar' || typeof kind.value !== 'string') {
      problems.push({
        code: 'TM1011',
        message: `connection "${id}" needs a kind, such as kind: duckdb`,
        hint: null,
        place: kind?.place ?? key,
        task: null,
      })
      return []
    }
    const options = { ...value, entries: new Map([...value.entries].filter(([name]) => name !== 'kind')), place: key }
    problems.push(...parseConnection(kind.value, kind.place, options).problems)
    return [{ id, kind: kind.value, options: canonicalJson(toPlain(options) as Json) }]
  })
}

interface ReadModule {
  readonly module: DeclaredModule
  readonly tasks: readonly DeclaredTask[]
  readonly root: Located
}

function readModule({ root }: ReadYaml, context: ModuleContext): ReadModule | null {
  const parsed = parseLocated(ModuleSchema, root, null)
  if (!parsed.ok) {
    context.problems.push(...parsed.problems)
    return null
  }
  const { module: id, description, schedule, active, tasks } = parsed.value
  const module = {
    id,
    description: description ?? null,
    schedule: schedule ? canonicalJson({ ...schedule } as Json) : null,
    active: active ?? null,
  }
  const list = entryOf(root, 'tasks')
  const named: NamedPlace[] = tasks.map((task, i) => ({
    id: task.id,
    place: placeOf(root, ['tasks', i, 'id']),
    task: null,
  }))
  context.problems.push(...idProblems('task', named))
  const moduleDefaults = entryOf(root, 'defaults')
  const declared = tasks.map((task, i): DeclaredTask => {
    const name = `${id}.${task.id}`
    if (active === false || task.active === false) context.switchedOff.add(name)
    const located = list?.kind === 'list' ? list.items[i] : undefined
    const about = { module: id, id: task.id, executionOrder: task.order ?? 1, active: task.active ?? null }
    const own = entryOf(located, 'flow')
    if (own?.kind !== 'map') {
      const config = entryOf(located, 'config')
      if (config !== undefined) context.problems.push(...literalSecrets(config, 'config', name))
      return { ...about, type: task.type ?? FLOW_TYPE, ...configsOfType((task.config ?? null) as JsonMap | null) }
    }
    const place = placeOf(root, ['tasks', i, 'flow'])
    const flow = mergeDefaults(context.defaults, mergeDefaults(moduleDefaults, { ...own, place }))
    const checked = context.parse(flow, context.connections, name)
    if (!checked.ok) context.problems.push(...checked.problems)
    return { ...about, type: FLOW_TYPE, ...configsOfFlow(toPlain(flow) as JsonMap) }
  })
  return { module, tasks: declared, root: root.kind === 'map' ? root : emptyMap(root.place) }
}
