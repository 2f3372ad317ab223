/** The control store in a database of SQL Server: where it is, and what that database has to be. */
import { sqlServerOptionsOf } from '../../../drivers/sqlserver-url.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { first, type Statement } from '../../store-session.ts'
import { flag, text } from '../decode.ts'
import type { StoreServer, ServerStore } from '../server/server-store.ts'
import type { ServerStoreSession } from '../server/server-session.ts'
import { isStarting, numberOf, openError } from './errors.ts'
import { differencesOf, mendingSql } from './mend-schema.ts'
import { schemaFacts, seesDefinitions, whyNotWritable } from './schema-facts.sql.ts'
import { migrationScript } from './schema.sql.ts'
import { SQLSERVER_MIGRATIONS } from './sqlserver-migrations.ts'
import { sqlServerKit } from './sqlserver-session.ts'
import { SQLSERVER_STATEMENTS } from './sqlserver-statements.ts'

export const SQLSERVER_STORE: ServerStore = {
  statements: SQLSERVER_STATEMENTS,
  migrations: SQLSERVER_MIGRATIONS,
  serverOf,
  refuse,
  isStarting,
  openError,
  migrationScript,
  differences: async (session) =>
    differencesOf(await session.all(schemaFacts), (await first(session, seesDefinitions)) ?? false),
  mendingSql,
  whyNotWritable: (session) => first(session, whyNotWritable),
}

function serverOf(url: string, projectDir: string): StoreServer {
  try {
    const options = sqlServerOptionsOf(url, projectDir, 'tidemark store')
    const { host, port, instance, database } = options
    return {
      location: `${host}${port === null ? `\\${instance}` : `:${port}`}/${database}`,
      kit: (wishes) => sqlServerKit(options, wishes),
    }
  } catch (error) {
    throw openError(error, 'control')
  }
}

interface Server {
  readonly version: string
  readonly isReadOnly: boolean
}

const SERVER: Statement<Server> = {
  text: `select cast(serverproperty('ProductVersion') as nvarchar(60)) as version,
                case when cast(databasepropertyex(db_name(), 'Updateability') as nvarchar(30)) = N'READ_ONLY'
                     then 1 else 0 end as is_read_only`,
  params: [],
  decode: (raw) => ({ version: text(raw, 'version'), isReadOnly: flag(raw, 'is_read_only') }),
}

/** What came with 2016, and only at its level of compatibility. */
const READS_JSON: Statement<null> = {
  text: `select j.value from openjson(N'[1]') j`,
  params: [],
  decode: () => null,
}
const NO_SUCH_OBJECT = 208
const SYNTAX: ReadonlySet<number> = new Set([NO_SUCH_OBJECT, 102, 156, 195, 321])

async function refuse(session: ServerStoreSession, location: string, readOnly: boolean): Promise<void> {
  const [server] = await session.firstLook(SERVER)
  const facts = { location, version: server?.version ?? null }
  try {
    await session.firstLook(READS_JSON)
  } catch (error) {
    if (!SYNTAX.has(numberOf(error) ?? 0)) throw error
    throw new AppError('TM3005', `${location} does not read JSON`, {
      cause: error,
      facts,
      remedy: [
        'ALTER DATABASE … SET COMPATIBILITY_LEVEL = 130   or higher',
        'a server older than SQL Server 2016 has no such level: take a newer one for the control store',
      ],
    })
  }
  if (server?.isReadOnly === true && !readOnly)
    throw new AppError('TM3005', `${location} is read-only`, {
      facts,
      remedy: ['name the primary under control: in tidemark.yaml, or ALTER DATABASE … SET READ_WRITE'],
    })
}
