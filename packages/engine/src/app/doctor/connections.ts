/** The connections, and what the targets among them remember. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { type FlowSpec, parseScopeText, scopeText } from '@tidemark/contract/flow'
import { ARCHIVE_ONLY_KINDS } from '@tidemark/contract/project-schema'
import type { ControlStore } from '../../control/control-store.ts'
import type { ResolvedCatalog } from '../../definition/resolve.ts'
import type { TargetMemory } from '../../dialects/target-memory.ts'
import { askLedger } from '../../plan/gather-facts.ts'
import { checkTarget } from '../../plan/target-trust.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type AppContext, connectionOf, limitsOf } from '../app-context.ts'
import { probeArchive } from '../archives.ts'
import { type Check, fail, failed, ok, warn } from './check.ts'
import { isAtWork } from './ledger.ts'

export interface Connections {
  readonly checks: readonly Check[]
  /** places on this machine's disks that runs write to */
  readonly places: readonly { readonly name: string; readonly path: string }[]
  readonly engines: ReadonlySet<string>
}

export async function checkConnections(
  ctx: AppContext,
  catalog: ResolvedCatalog,
  store: ControlStore,
): Promise<Connections> {
  const active = catalog.flows.filter((f) => f.active)
  const checks: Check[] = []
  const places: { name: string; path: string }[] = []
  const engines = new Set<string>()
  for (const { id, kind } of catalog.connections.values()) {
    const subject = `connection ${id}`
    const into = active.filter((f) => f.target.connection === id)
    const isSource = active.some((f) => f.source.connection === id)
    try {
      if (ARCHIVE_ONLY_KINDS.includes(kind)) {
        const { location, detail } = await probeArchive(ctx, id)
        checks.push(ok('connection', subject, `${location}: ${detail}`))
        continue
      }
      const { target, location } = await connectionOf(ctx, catalog, id)
      const dialect = await ctx.loadDialect(kind)
      engines.add(dialect.version())
      if (into.length > 0 && isAbsolute(location)) places.push({ name: subject, path: location })
      const memory = await dialect.recall(
        target,
        into.map((f) => f.target.table),
        limitsOf(ctx),
      )
      if (memory === null && !isSource && catalog.flows.some((f) => f.target.connection === id))
        checks.push(ok('connection', subject, `${location} is not there yet: the first run makes it`))
      else {
        const detail = await dialect.probe(target, limitsOf(ctx))
        checks.push(ok('connection', subject, `${location}: ${detail}`))
      }
      if (memory === null || into.length === 0) continue
      checks.push(...(await whyNotWritable(subject, location)), prepared(id, memory))
      for (const [i, flow] of into.entries()) checks.push(...(await checkFlow(store, flow, memory, i)))
      checks.push(...foreign(store, into, memory, id))
    } catch (error) {
      checks.push(await unreachable(store, subject, error, isSource || into.length > 0))
    }
  }
  return { checks, places, engines }
}

/** Not reached: a warning where no active flow needs it; no fault where a run of ours is what holds it. */
async function unreachable(store: ControlStore, subject: string, error: unknown, needed: boolean): Promise<Check> {
  const check = failed('connection', subject, error)
  const holder = /process (\d+)/.exec(error instanceof AppError && error.code === 'TM2002' ? error.detail : '')?.[1]
  const runs = (await store.leases.list()).filter((l) => isAtWork(l) && String(l.owner?.pid) === holder)
  if (runs.length > 0)
    return ok('connection', subject, `in use by the run of ${runs.map((l) => l.flow).join(', ')}: not looked into`)
  return needed ? check : { ...check, status: 'warn', detail: `${check.detail}; no active flow uses it` }
}

async function whyNotWritable(subject: string, location: string): Promise<readonly Check[]> {
  if (!isAbsolute(location)) return []
  try {
    await access(location, constants.W_OK)
    return []
  } catch (error) {
    const why = `${location} is a target and cannot be written (${(error as NodeJS.ErrnoException).code})`
    return [fail('connection', subject, why, 'give the user that runs tidemark the right to write it')]
  }
}

const prepared = (id: string, { unprepared }: TargetMemory): Check =>
  unprepared.length === 0
    ? ok('prepared', `connection ${id}`, 'fence and markers are there')
    : ok(
        'prepared',
        `connection ${id}`,
        `${unprepared.join(', ')} not made yet: the first run makes them, or tidemark prepare ${id}`,
      )

/** Fence against lease, and for each scope the settled marker against the watermark. */
async function checkFlow(
  store: ControlStore,
  flow: FlowSpec,
  memory: TargetMemory,
  at: number,
): Promise<readonly Check[]> {
  const ours = (x: { readonly store: string; readonly flow: string }) => x.store === store.id && x.flow === flow.id
  const fence = memory.fences.find(ours)?.token ?? 0n
  const lease = (await store.leases.find(flow.id))?.token ?? 0n
  const checks: Check[] = []
  if (fence > lease)
    checks.push(
      warn(
        'fence',
        flow.id,
        `the target has seen token ${fence}, the store counts at ${lease}: the store was restored from an older copy`,
        'the next run takes a greater token by itself',
        `what the ledger forgot: tidemark run ${flow.id} --full reads everything again; tidemark watermarks shows where it stands`,
      ),
    )
  const settled = memory.settled.filter((s) => s.flow === flow.id)
  const marks = (await store.ledger.listWatermarks()).filter((m) => m.flow === flow.id)
  const scopes = new Set([scopeText({}), ...marks.map((m) => m.scope), ...settled.filter(ours).map((s) => s.scope)])
  const runs = settled.filter(ours).map((s) => s.run)
  const targetState = { settled, empty: memory.tables[at] !== 'filled' }
  for (const text of scopes) {
    const scope = { ...parseScopeText(text) }
    try {
      checkTarget(flow, scope, { ledger: await askLedger(store, flow, scope, runs), targetState })
    } catch (error) {
      const name = text === scopeText({}) ? flow.id : `${flow.id} ${text}`
      checks.push(failed('target', name, error, flow.id))
    }
  }
  return checks.length > 0 ? checks : [ok('target', flow.id, 'fence, markers and watermarks agree with the ledger')]
}

/** Rows of another control store: another project, or a store that is lost. */
function foreign(store: ControlStore, into: readonly FlowSpec[], memory: TargetMemory, id: string): readonly Check[] {
  const flows = new Set<string>(into.map((f) => f.id))
  const others = [...memory.fences, ...memory.settled, ...memory.marked].filter((x) => x.store !== store.id)
  return [...Map.groupBy(others, (x) => x.store)].map(([other, rows]) => {
    const names = [...new Set(rows.map((x) => x.flow))].sort()
    const shared = names.filter((name) => flows.has(name))
    const what = `remembers control store ${other}, which is not this project's, for ${names.join(', ')}`
    if (shared.length === 0) return ok('foreign', `connection ${id}`, `${what}: none of them is a flow of this project`)
    return warn(
      'foreign',
      `connection ${id}`,
      `${what}: a second project fills ${shared.join(', ')}, or an earlier control store was lost`,
      'let one project fill a table, or restore the control store that was lost',
      `when that store is gone for good: DELETE FROM tidemark.fence WHERE store = '${other}', and the same of tidemark.marker and tidemark.settled`,
    )
  })
}
