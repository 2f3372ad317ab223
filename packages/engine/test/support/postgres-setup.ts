/** Starts the servers of the suites that need PostgreSQL, once for all their files: each worker has its own. */
import type { TestProject } from 'vitest/node'
import { PostgresServer, VERSIONS } from './postgres-server.ts'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using starting = new AsyncDisposableStack()
  const workers = Array.from({ length: Number(project.vitest.config.maxWorkers) })
  const ports = workers.map(async () => {
    const [first, second] = await Promise.all(
      VERSIONS.map(async (version) => starting.use(await PostgresServer.start({ version }))),
    )
    if (!first || !second) throw new Error('no servers')
    return { '15': first.port, '18': second.port }
  })
  project.provide('postgresPorts', await Promise.all(ports))
  const started = starting.move()
  return () => started.disposeAsync()
}
