/** Where the control store is: its server, named in messages without a secret, and what it has to be. */
import type { PostgresOptions } from '../../../drivers/postgres.ts'
import { parsePostgresUrl } from '../../../drivers/postgres-url.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { retrying } from '../../../runtime/retry.ts'
import type { Statement } from '../../store-session.ts'
import { flag, int, text } from '../decode.ts'
import { isStarting, openError } from './errors.ts'
import { PostgresStoreSession } from './postgres-session.ts'

/** A restart is over by then, and a lease of the default length still holds. */
const AWAY_MS = 30_000
const STARTS_WITHIN_MS = 10_000
const OLDEST = 14

export interface StoreServer {
  readonly options: PostgresOptions
  /** `host:port/database` */
  readonly location: string
}

export function storeServer(url: string, projectDir: string): StoreServer {
  try {
    const options = parsePostgresUrl(url, projectDir, 'tidemark store')
    return { options, location: `${options.host}:${options.port}/${options.database}` }
  } catch (error) {
    throw openError(error, 'control')
  }
}

interface Server {
  readonly version: number
  readonly encoding: string
  readonly isStandby: boolean
}

const SERVER: Statement<Server> = {
  text: `select current_setting('server_version_num')::integer / 10000 as version,
                current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`,
  params: [],
  decode: (raw) => ({ version: int(raw, 'version'), encoding: text(raw, 'encoding'), isStandby: flag(raw, 'standby') }),
}

/** A first connection is made here: what is wrong with it is said at once, but for a server that is just starting. */
export async function connectStore(
  { options, location }: StoreServer,
  { readOnly, busyMs }: { readonly readOnly: boolean; readonly busyMs: number },
): Promise<PostgresStoreSession> {
  const session = new PostgresStoreSession(options, { location, readOnly, busyMs, awayMs: AWAY_MS })
  const policy = { budgetMs: STARTS_WITHIN_MS, minDelayMs: 50, maxDelayMs: 500, factor: 2 }
  try {
    const [server] = await retrying(policy, isStarting, () => session.firstLook(SERVER))
    if (server !== undefined) refuse(server, location, readOnly)
    return session
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw openError(error, location)
  }
}

function refuse({ version, encoding, isStandby }: Server, location: string, readOnly: boolean): void {
  const facts = { location, version, encoding, standby: isStandby }
  if (version < OLDEST)
    throw new AppError('TM3005', `${location} is PostgreSQL ${version}`, {
      facts,
      remedy: [`take PostgreSQL ${OLDEST} or newer for the control store`],
    })
  if (encoding !== 'UTF8')
    throw new AppError('TM3005', `${location} holds text as ${encoding}`, {
      facts,
      remedy: [`CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0   makes one that holds every text`],
    })
  if (isStandby && !readOnly)
    throw new AppError('TM3005', `${location} is a standby, which cannot be written`, {
      facts,
      remedy: ['name the primary under control: in tidemark.yaml'],
    })
}
