/** The server that TIDEMARK_TEST_SQLSERVER names, if any; its user makes databases, and removes them. */
import { SqlServerSession, type SqlServerOptions } from '../../src/drivers/sqlserver.ts'
import { sqlServerOptionsOf } from '../../src/drivers/sqlserver-url.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import { TEST_SERVER, untilDone } from './sqlserver-database.ts'

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

async function asAdmin(statement: string): Promise<void> {
  await using admin = await SqlServerSession.connect(sqlServerOptions(TEST_SERVER ?? ''))
  await admin.script(statement)
}
