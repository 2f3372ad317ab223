/** Starts the servers of the suites that need PostgreSQL, once for all their files. */
import type { TestProject } from 'vitest/node'
import { PostgresServer, VERSIONS } from './postgres-server.ts'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all(VERSIONS.map((version) => PostgresServer.start({ version })))
  const [first, second] = servers
  if (!first || !second) throw new Error('no servers')
  project.provide('postgresPorts', { '15': first.port, '18': second.port })
  return async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}
