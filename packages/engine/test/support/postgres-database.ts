/** A database of a test's own, on the servers that the suite started. */
import { inject } from 'vitest'
import { type PostgresOptions, PostgresSession, type PostgresRow } from '../../src/drivers/postgres.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import type { Version } from './postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** of each worker: version → port on the loopback */
    readonly postgresPorts: readonly Readonly<Record<Version, number>>[]
  }
}

/**
 * The server of this worker. Files that run at once have none in common: a transaction that is open in one would hold
 * every reader of the other back.
 */
export function portOf(version: Version): number {
  const ports = inject('postgresPorts')[Number(process.env['VITEST_POOL_ID']) - 1]
  if (ports === undefined) throw new Error('this worker has no servers')
  return ports[version]
}

export const optionsOf = (port: number, database: string): PostgresOptions => ({
  host: '127.0.0.1',
  port,
  database,
  user: 'postgres',
  password: null,
  tls: { mode: 'disable', ca: null, cert: null, key: null },
  applicationName: 'tidemark test',
  connectTimeoutMs: 10_000,
})

export class TestDatabase implements AsyncDisposable {
  readonly options: PostgresOptions
  readonly url: string
  #session: PostgresSession
  #admin: PostgresSession

  private constructor(options: PostgresOptions, session: PostgresSession, admin: PostgresSession) {
    this.options = options
    this.url = `postgres://${options.user}@${options.host}:${options.port}/${options.database}`
    this.#session = session
    this.#admin = admin
  }

  /** `how`: what follows the name, such as `ENCODING 'LATIN1'`. */
  static async create(version: Version, how = ''): Promise<TestDatabase> {
    return await TestDatabase.createOn(portOf(version), how)
  }

  /** On a server of the test's own, which may restart. */
  static async createOn(port: number, how = ''): Promise<TestDatabase> {
    const name = `t_${newShortId(8)}`
    const admin = await PostgresSession.connect(optionsOf(port, 'postgres'))
    // its files are copied, and not each block through the log: half the time
    await admin.run(`CREATE DATABASE ${name} ${how} STRATEGY FILE_COPY`)
    const options = optionsOf(port, name)
    return new TestDatabase(options, await PostgresSession.connect(options, { search_path: 'public' }), admin)
  }

  /** Several statements. */
  async exec(...statements: readonly string[]): Promise<void> {
    await (await this.#live()).script(statements.join(';\n'))
  }

  async rows(text: string): Promise<readonly PostgresRow[]> {
    return await (await this.#live()).rows(text)
  }

  /** A server that crashed took the session along. */
  async #live(): Promise<PostgresSession> {
    if (this.#session.closed) this.#session = await this.connect()
    return this.#session
  }

  /** One more connection, with `search_path` public; to be disposed of. */
  connect(): Promise<PostgresSession> {
    return PostgresSession.connect(this.options, { search_path: 'public' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
    if (this.#admin.closed) this.#admin = await PostgresSession.connect(optionsOf(this.options.port, 'postgres'))
    await this.#admin.run(`DROP DATABASE ${this.options.database} WITH (FORCE)`)
    await this.#admin[Symbol.asyncDispose]()
  }
}
