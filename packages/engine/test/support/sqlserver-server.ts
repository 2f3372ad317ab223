/** The server that TIDEMARK_TEST_SQLSERVER names, if any; its user makes databases, and removes them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SqlServerSession, type SqlServerOptions } from '../../src/drivers/sqlserver.ts'
import { sqlServerOptionsOf } from '../../src/drivers/sqlserver-url.ts'
import { newShortId } from '../../src/runtime/new-id.ts'

/** `sqlserver://USER:PASSWORD@HOST:PORT/DATABASE?tls=…` of a server for tests; without it they are skipped, and say so. */
export const TEST_SERVER = process.env['TIDEMARK_TEST_SQLSERVER'] ?? null

export const sqlServerOptions = (url: string): SqlServerOptions => sqlServerOptionsOf(url, '/nowhere', 'tidemark test')

/** The same server, another database. */
export function urlOfDatabase(database: string): string {
  const url = new URL(TEST_SERVER ?? 'sqlserver://nobody@nowhere')
  url.pathname = `/${database}`
  return url.href
}

export async function makeDatabase(prefix: string): Promise<string> {
  const database = `${prefix}_${newShortId(8)}`
  await untilDone(() => asAdmin(`create database ${database}`))
  return database
}

export const dropDatabase = (database: string): Promise<void> => untilDone(() => asAdmin(`drop database ${database}`))

/** Once nobody else makes or removes one, or is connected to it: a session that was closed may be there for a moment. */
async function untilDone(work: () => Promise<void>): Promise<void> {
  for (let left = 50; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left === 0) throw error
      await sleep(100)
    }
  }
}

async function asAdmin(statement: string): Promise<void> {
  await using admin = await SqlServerSession.connect(sqlServerOptions(TEST_SERVER ?? ''))
  await admin.script(statement)
}
