import { resolve } from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import type { ControlStore } from './control-store.ts'

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
}

type Open = (place: string, options: OpenStoreOptions & { readonly busyMs: number }) => Promise<ControlStore>

const SQLITE: Open = async (place, options) => {
  const { openSqliteStore } = await import('./sql/sqlite/open-sqlite-store.ts')
  return openSqliteStore(resolve(options.projectDir, place), options)
}

/** scheme of the URL → what opens it; the driver is loaded then */
const STORES: ReadonlyMap<string, Open> = new Map([['sqlite', SQLITE]])
const LATER: ReadonlySet<string> = new Set(['postgres', 'postgresql', 'sqlserver'])

/** Opens the control store at `sqlite:PATH`; makes and migrates it where needed. */
export async function openControlStore(url: string, options: OpenStoreOptions): Promise<ControlStore> {
  const colon = url.indexOf(':')
  const scheme = colon < 0 ? '' : url.slice(0, colon)
  const place = url.slice(colon + 1)
  const open = STORES.get(scheme)
  if (open !== undefined && place !== '') return await open(place, { ...options, busyMs: options.busyMs ?? 10_000 })
  // the rest of the URL may hold a password: it is never shown
  if (LATER.has(scheme)) throw new AppError('TM1017', `a control store on ${scheme}`)
  throw new AppError('TM1011', `control: must be sqlite:PATH${scheme === '' ? '' : `, not ${scheme}:…`}`)
}
