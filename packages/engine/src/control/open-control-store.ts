import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import type { ControlStore } from './control-store.ts'
import type { ServerStore } from './sql/server/server-store.ts'
import type { StoreStanding } from './store-standing.ts'

export interface OpenStoreOptions {
  /** what a relative path starts from */
  readonly projectDir: string
  /**
   * For plans and dry runs: the store as it is, and no byte of it or beside it changes. Where there is
   * none yet, an empty one in memory, so that nobody has to ask. Writing to it is refused.
   */
  readonly readOnly: boolean
  /** how long to wait for another process's transaction; default 10 s */
  readonly busyMs?: number
  /** The end of each batch waits for the disk too; default false: a marker in the target tells it again (decision 0011). */
  readonly syncBatches?: boolean
}

interface StoreKind {
  /** what a URL of this kind looks like, for messages */
  readonly form: string
  open(url: string, options: OpenStoreOptions & { readonly busyMs: number }): Promise<ControlStore>
  inspect(url: string, projectDir: string): Promise<StoreStanding>
  exists(url: string, projectDir: string): Promise<boolean>
}

const pathOf = (url: string, dir: string): string => resolve(dir, url.slice('sqlite:'.length))

const SQLITE: StoreKind = {
  form: 'sqlite:PATH',
  open: async (url, options) => {
    const { openSqliteStore } = await import('./sql/sqlite/open-sqlite-store.ts')
    return openSqliteStore(pathOf(url, options.projectDir), options)
  },
  inspect: async (url, projectDir) => {
    const { inspectSqliteStore } = await import('./sql/sqlite/inspect-sqlite-store.ts')
    return inspectSqliteStore(pathOf(url, projectDir))
  },
  exists: async (url, projectDir) => existsSync(pathOf(url, projectDir)),
}

/** A store on a server, whose driver is loaded when it is asked for. */
const onServer = (form: string, load: () => Promise<ServerStore>): StoreKind => ({
  form,
  open: async (url, options) => {
    const { openServerStore } = await import('./sql/server/server-store.ts')
    return openServerStore(await load(), url, options)
  },
  inspect: async (url, projectDir) => {
    const { inspectServerStore } = await import('./sql/server/inspect-server-store.ts')
    return inspectServerStore(await load(), url, projectDir)
  },
  exists: async (url, projectDir) => {
    const { serverStoreExists } = await import('./sql/server/server-store.ts')
    return serverStoreExists(await load(), url, projectDir)
  },
})

const POSTGRES = onServer(
  'postgres://USER@HOST:PORT/DATABASE',
  async () => (await import('./sql/postgres/postgres-store.ts')).POSTGRES_STORE,
)
const SQL_SERVER = onServer(
  'sqlserver://USER@HOST:PORT/DATABASE',
  async () => (await import('./sql/sqlserver/sqlserver-store.ts')).SQLSERVER_STORE,
)

/** scheme of the URL → what opens it */
const STORES: ReadonlyMap<string, StoreKind> = new Map([
  ['sqlite', SQLITE],
  ['postgres', POSTGRES],
  ['postgresql', POSTGRES],
  ['sqlserver', SQL_SERVER],
])

/** Opens the control store at `sqlite:PATH`, `postgres://…` or `sqlserver://…`; makes and migrates it where needed. */
export async function openControlStore(url: string, options: OpenStoreOptions): Promise<ControlStore> {
  return await kindOf(url).open(url, { ...options, busyMs: options.busyMs ?? 10_000 })
}

/** How the store stands: whether it is there, sound, and up to date. Makes, migrates and changes nothing. */
export async function inspectControlStore(url: string, projectDir: string): Promise<StoreStanding> {
  return await kindOf(url).inspect(url, projectDir)
}

/** Whether there is anything to open. A store on a server is asked, so this may fail as opening does. */
export async function controlStoreExists(url: string, projectDir: string): Promise<boolean> {
  return await kindOf(url).exists(url, projectDir)
}

function kindOf(url: string): StoreKind {
  const colon = url.indexOf(':')
  const scheme = colon < 0 ? '' : url.slice(0, colon)
  const kind = STORES.get(scheme)
  if (kind !== undefined && colon < url.length - 1) return kind
  // the rest of the URL may hold a password: it is never shown
  const forms = [...new Set([...STORES.values()].map(({ form }) => form))].join(' or ')
  throw new AppError('TM1011', `control: must be ${forms}${scheme === '' ? '' : `, not ${scheme}:…`}`)
}
