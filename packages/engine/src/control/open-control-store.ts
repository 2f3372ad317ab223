import { resolve } from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import type { ControlStore } from './control-store.ts'
import type { StoreStanding } from './store-standing.ts'

export interface OpenStoreOptions {
  /** what a relative path starts from */
  readonly projectDir: string
  /**
   * For plans and dry runs: the store as it is at this moment, and no byte of it or beside it changes. Where there is
   * none yet, an empty one in memory, so that nobody has to ask. Writing to it is refused.
   */
  readonly readOnly: boolean
  /** how long to wait for another process's transaction; default 10 s */
  readonly busyMs?: number
  /** The end of each batch waits for the disk too; default false: a marker in the target tells it again (decision 0011). */
  readonly syncBatches?: boolean
}

interface StoreKind {
  open(place: string, options: OpenStoreOptions & { readonly busyMs: number }): Promise<ControlStore>
  inspect(place: string, projectDir: string): Promise<StoreStanding>
}

const SQLITE: StoreKind = {
  open: async (place, options) => {
    const { openSqliteStore } = await import('./sql/sqlite/open-sqlite-store.ts')
    return openSqliteStore(resolve(options.projectDir, place), options)
  },
  inspect: async (place, projectDir) => {
    const { inspectSqliteStore } = await import('./sql/sqlite/inspect-sqlite-store.ts')
    return inspectSqliteStore(resolve(projectDir, place))
  },
}

/** scheme of the URL → what opens it; the driver is loaded then */
const STORES: ReadonlyMap<string, StoreKind> = new Map([['sqlite', SQLITE]])
const LATER: ReadonlySet<string> = new Set(['postgres', 'postgresql', 'sqlserver'])

/** Opens the control store at `sqlite:PATH`; makes and migrates it where needed. */
export async function openControlStore(url: string, options: OpenStoreOptions): Promise<ControlStore> {
  const { kind, place } = kindOf(url)
  return await kind.open(place, { ...options, busyMs: options.busyMs ?? 10_000 })
}

/** How the store stands: whether it is there, sound, and up to date. Makes, migrates and changes nothing. */
export async function inspectControlStore(url: string, projectDir: string): Promise<StoreStanding> {
  const { kind, place } = kindOf(url)
  return await kind.inspect(place, projectDir)
}

function kindOf(url: string): { readonly kind: StoreKind; readonly place: string } {
  const colon = url.indexOf(':')
  const scheme = colon < 0 ? '' : url.slice(0, colon)
  const place = url.slice(colon + 1)
  const kind = STORES.get(scheme)
  if (kind !== undefined && place !== '') return { kind, place }
  // the rest of the URL may hold a password: it is never shown
  if (LATER.has(scheme)) throw new AppError('TM1017', `a control store on ${scheme}`)
  throw new AppError('TM1011', `control: must be sqlite:PATH${scheme === '' ? '' : `, not ${scheme}:…`}`)
}
