/** The control store in a database of PostgreSQL: where it is, and what that database has to be. */
import { parsePostgresUrl } from '../../../drivers/postgres-url.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { first, type Statement } from '../../store-session.ts'
import { flag, int, text } from '../decode.ts'
import { differencesFrom } from '../server/schema-difference.ts'
import type { ServerStore, StoreServer } from '../server/server-store.ts'
import { isStarting, openError } from './errors.ts'
import { mendingSql } from './mend-schema.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import { postgresKit } from './postgres-session.ts'
import { POSTGRES_STATEMENTS } from './postgres-statements.ts'
import { schemaFacts, whyNotWritable } from './schema-facts.sql.ts'
import { SCHEMA_MANIFEST } from './schema-manifest.ts'
import { migrationScript } from './schema.sql.ts'

const OLDEST = 14

export const POSTGRES_STORE: ServerStore = {
  statements: POSTGRES_STATEMENTS,
  migrations: POSTGRES_MIGRATIONS,
  serverOf,
  refuse: async (session, location, readOnly) => {
    const [server] = await session.firstLook(SERVER)
    if (server !== undefined) refuse(server, location, readOnly)
  },
  isStarting,
  openError,
  migrationScript,
  differences: async (session) => differencesFrom(await session.all(schemaFacts), SCHEMA_MANIFEST),
  mendingSql,
  whyNotWritable: (session) => first(session, whyNotWritable),
}

function serverOf(url: string, projectDir: string): StoreServer {
  try {
    const options = parsePostgresUrl(url, projectDir, 'tidemark store')
    return {
      location: `${options.host}:${options.port}/${options.database}`,
      kit: (wishes) => postgresKit(options, wishes),
    }
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
