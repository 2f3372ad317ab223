/** `tidemark discover`: the tables of a connection, what they look like to a flow, and the flows as YAML. */
import { dirname, join } from 'node:path'
import { formatTableName } from '@tidemark/contract/table-name'
import { loadDefinitions } from '../definition/load-definitions.ts'
import { MODULES_DIR } from '../definition/load-project.ts'
import { foldId } from '../definition/ids.ts'
import { Examiner, LOOK_LIMITS, type LookLimits } from '../discover/examine-table.ts'
import { joinPosition } from '../discover/join-position.ts'
import { type FlowPlan, moduleYaml } from '../discover/module-yaml.ts'
import type { Examined } from '../discover/proposal.ts'
import { taskIds } from '../discover/task-ids.ts'
import { matching } from '../discover/table-pattern.ts'
import type { SurveyPort } from '../dialects/survey.ts'
import { AppError } from '../runtime/app-error.ts'
import type { DiscoverOptions, Discovery } from './app.ts'
import { type AppContext, connectionOf, limitsOf } from './app-context.ts'
import { definedWith, type Defined } from './defined-with.ts'
import { discoverDocument } from './discover-document.ts'
import { discoverTarget } from './discover-target.ts'

type Progress = (done: number, of: number, table: string) => void

export async function discover(
  ctx: AppContext,
  options: DiscoverOptions,
  progress: Progress,
  signal: AbortSignal,
  limits: LookLimits = LOOK_LIMITS,
): Promise<Discovery> {
  const tables = await (await ctx.store('read')).catalog.read()
  const file = options.write === null ? null : { path: options.write.path, text: null }
  const now = definedWith(ctx, tables, file)
  const { target: connection, kind } = await connectionOf(ctx, now.catalog, options.connection)
  const target = discoverTarget(now.catalog, options)
  if (options.write !== null) refuseTakenModule(ctx, tables, options.write)

  const dialect = await ctx.loadDialect(kind)
  await using port = await dialect.survey(connection, limitsOf(ctx))
  using _stop = interruptOn(signal, port)
  const examined = await examineAll(port, options, options.deep ? null : limits, progress, signal)

  const ids = taskIds(examined.map((e) => e.table.table))
  const proposed = examined.map((of, i): FlowPlan => {
    const taken = target === null ? null : moverOf(now, options, target, of)
    return {
      id: ids[i] ?? '',
      of,
      position: of.positions[0] ?? null,
      noPosition: null,
      leftOut: of.broken ?? (of.key === null ? `no key: ${of.noKey}` : taken === null ? null : `${taken} moves it`),
    }
  })
  if (options.write === null || target === null)
    return { document: discoverDocument(options, target, proposed), yaml: null, inProject: false }

  const { module, path } = options.write
  const plan = { module, source: options.connection, target }
  const flows = mended(
    proposed,
    (tried) => definedWith(ctx, tables, { path, text: moduleYaml({ ...plan, flows: tried }) }),
    module,
  )
  if (flows.every((f) => f.leftOut !== null)) {
    const why = flows.map((f) => `${formatTableName(f.of.table.table)}: ${f.leftOut}`)
    throw new AppError(
      'TM4021',
      [...why.slice(0, 5), ...(why.length > 5 ? [`and ${why.length - 5} more`] : [])].join('\n'),
    )
  }
  return {
    document: discoverDocument(options, target, flows),
    yaml: moduleYaml({ ...plan, flows }),
    inProject: dirname(path) === join(ctx.project.dir, MODULES_DIR),
  }
}

function interruptOn(signal: AbortSignal, port: SurveyPort): Disposable {
  const interrupt = (): void => port.interrupt()
  signal.addEventListener('abort', interrupt, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', interrupt) }
}

async function examineAll(
  port: SurveyPort,
  { connection, pattern }: DiscoverOptions,
  limits: LookLimits | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly Examined[]> {
  const all = await port.tables()
  const chosen = pattern === null ? all : matching(all, pattern)
  if (pattern !== null && chosen.length === 0) {
    const names = all.slice(0, 5).map((t) => formatTableName(t.table))
    const there = names.length === 0 ? 'has no table' : `has ${names.join(', ')}${all.length > 5 ? ' and more' : ''}`
    throw new AppError('TM4020', `${pattern}; ${connection} ${there}`)
  }
  const examiner = new Examiner(port, limits)
  const examined: Examined[] = []
  for (const [i, table] of chosen.entries()) {
    signal.throwIfAborted()
    progress(i, chosen.length, formatTableName(table.table))
    examined.push(await examiner.examine(table))
  }
  signal.throwIfAborted()
  return examined.map((of) => {
    const joined = joinPosition(of, examined)
    return joined === null ? of : { ...of, positions: [joined, ...of.positions] }
  })
}

/** The flow that moves this very table to that connection. */
function moverOf(
  { catalog }: Defined,
  { connection, write }: DiscoverOptions,
  target: string,
  { table }: Examined,
): string | null {
  const name = formatTableName(table.table).toLowerCase()
  const mover = catalog.flows.find(
    (f) =>
      f.active &&
      f.module !== write?.module && // which is written anew
      f.source.connection === connection &&
      f.target.connection === target &&
      formatTableName(f.source.table).toLowerCase() === name,
  )
  return mover?.id ?? null
}

/** What the project as a whole would refuse becomes backfill, or is left out, with the reason. */
function mended(
  flows: readonly FlowPlan[],
  tried: (flows: readonly FlowPlan[]) => Defined,
  module: string,
): readonly FlowPlan[] {
  const { problems, copied } = tried(flows)
  const next = flows.map((flow): FlowPlan => {
    if (flow.leftOut !== null) return flow
    const id = `${module}.${flow.id}`
    const problem = problems.find((p) => p.task === id)
    if (problem) return { ...flow, leftOut: `${problem.code} ${problem.message}` }
    const read = copied.find((c) => c.reader === id)
    if (read) return { ...flow, position: null, noPosition: `${read.writer} copies ${read.position} into this table` }
    const filled = copied.find((c) => c.writer === id)
    return filled ? { ...flow, leftOut: `${filled.reader} reads ${filled.table} by ${filled.position}` } : flow
  })
  return next.some((flow, i) => flow !== flows[i]) ? mended(next, tried, module) : next
}

function refuseTakenModule(
  ctx: AppContext,
  tables: Parameters<typeof definedWith>[1],
  { module, path }: { readonly module: string; readonly path: string },
): void {
  const others = loadDefinitions(ctx.project, {
    captures: ctx.captureSchemas,
    path: null,
    tables,
    instead: { path, text: null },
  }).files
  const taken = [...others].find(([id]) => foldId(id) === foldId(module))
  if (taken) throw new AppError('TM4023', `${taken[0]} in ${taken[1]}`)
}
