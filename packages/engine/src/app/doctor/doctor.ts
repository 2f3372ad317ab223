/** `tidemark doctor`: everything that a run relies on, looked at without writing a byte. One broken part hides no other. */
import type { DoctorDocument } from '@tidemark/contract/api'
import type { ControlStore } from '../../control/control-store.ts'
import type { StoreStanding } from '../../control/store-standing.ts'
import { resolveCatalog } from '../../definition/resolve.ts'
import type { AppContext } from '../app-context.ts'
import { type Check, failed, ok } from './check.ts'
import { checkConnections } from './connections.ts'
import { checkDefinitions, checkTables } from './definitions.ts'
import { checkClock, checkLeases, checkRuns, checkWatermarks, isAtWork } from './ledger.ts'
import { checkReferences } from './references.ts'
import { checkRoom, checkTemp, checkWorkFiles, type Place } from './room.ts'
import { checkStore } from './store.ts'

export const documentOf = (checks: readonly Check[]): DoctorDocument => ({
  ok: checks.every(({ status }) => status !== 'fail'),
  checks: [...checks],
})

export async function checkProject(ctx: AppContext, inspect: () => Promise<StoreStanding>): Promise<readonly Check[]> {
  const { project } = ctx
  const checks: Check[] = [ok('project', project.dir, `tidemark.yaml of ${project.name}`)]
  const places: Place[] = [{ name: 'temp', path: project.engine.tempDir }]
  const standing = await attempt(checks, 'store', 'control store', inspect)
  if (standing !== null) {
    checks.push(...checkStore(standing))
    if (standing.path !== null) places.push({ name: 'store', path: standing.path })
  }
  // a damaged file is not opened; on a server, what is missing spoils nothing else
  const canBeOpened = standing !== null && (standing.damage.length === 0 || standing.path === null)
  const store = canBeOpened ? await attempt(checks, 'store', standing.location, () => ctx.store('read')) : null
  checks.push(...(await checkContents(ctx, store, places)))
  checks.push(checkTemp(project.engine.tempDir))
  checks.push(...((await attempt(checks, 'room', 'disks', async () => checkRoom(places))) ?? []))
  return checks
}

/** `store` null: it cannot be opened, and what is left to look at is the YAML. */
async function checkContents(ctx: AppContext, store: ControlStore | null, places: Place[]): Promise<readonly Check[]> {
  const checks: Check[] = []
  const tables = store && (await attempt(checks, 'control-tables', 'control tables', () => store.catalog.read()))
  checks.push(...checkDefinitions(ctx, tables))
  const catalog = tables && resolveCatalog(tables, ctx.captureSchemas)
  checks.push(...(await many(checks, 'reference', 'references', async () => checkReferences(ctx, catalog))))
  if (store === null || catalog === null) return checks
  checks.push(checkTables(catalog))
  const connections = await attempt(checks, 'connection', 'connections', () => checkConnections(ctx, catalog, store))
  if (connections !== null) {
    checks.push(...[...connections.engines].map((engine) => ok('engine', 'engine', engine)), ...connections.checks)
    places.push(...connections.places)
  }
  const atWork = (await store.leases.list()).some(isAtWork)
  const temp = ctx.project.engine.tempDir
  checks.push(
    ...(await many(checks, 'lease', 'leases', () => checkLeases(store))),
    ...(await many(checks, 'run', 'runs', () => checkRuns(store))),
    ...(await many(checks, 'watermark', 'watermarks', () => checkWatermarks(store, catalog.flows))),
    ...(await many(checks, 'work-files', temp, () => checkWorkFiles(temp, store, atWork))),
    checkClock(await store.now(), Temporal.Now.instant()),
  )
  return checks
}

/** What goes wrong in one look is a finding, and the others go on. */
async function attempt<T>(checks: Check[], id: string, subject: string, look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    checks.push(failed(id, subject, error))
    return null
  }
}

const many = async (
  checks: Check[],
  id: string,
  subject: string,
  look: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> => (await attempt(checks, id, subject, look)) ?? []
