/**
 * The SQL Server that an example plays on: the one that TIDEMARK_TEST_SQLSERVER names, or, where nobody names one, DuckDB
 * with the same modules, under another connection. The scripts of the other one are taken out of the project.
 */
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Narrator } from '../../packages/engine/src/demo/narrator.ts'
import { SqlServerSession } from '../../packages/engine/src/drivers/sqlserver.ts'
import { sqlServerOptionsOf } from '../../packages/engine/src/drivers/sqlserver-url.ts'
import { loadDialect } from '../../packages/engine/src/dialects/registry.ts'
import { readConfig } from '../../packages/engine/src/runtime/config.ts'
import { NotReady } from './databases.ts'

export const TEST_SERVER = 'TIDEMARK_TEST_SQLSERVER'

export interface Servers {
  /** environment variable with the URL, as `tidemark.yaml` names it */
  readonly variable: string
  /** made by the example's first script, so that none of them may be there before */
  readonly databases: readonly string[]
}

export interface OpenServer extends AsyncDisposable {
  /** it plays on a server, whose databases end with the example */
  readonly onServer: boolean
}

/** Says which it is. `kept`: the databases stay, as the project does. */
export async function openServer(
  wanted: Servers,
  project: string,
  narrator: Narrator,
  kept: boolean,
): Promise<OpenServer> {
  const url = readConfig(null).variable(TEST_SERVER)
  if (url === null) {
    arrange(project, 'duckdb', 'sqlserver')
    renameSync(path.join(project, 'tidemark.duckdb.yaml'), path.join(project, 'tidemark.yaml'))
    narrator.line(`${TEST_SERVER} names no server: on DuckDB, with the same modules, under another connection.`)
    return { onServer: false, [Symbol.asyncDispose]: async () => {} }
  }
  await refuseWithoutDialect()
  await using session = await connectToServer(url, project)
  await refuseExisting(session, wanted)
  arrange(project, 'sqlserver', 'duckdb')
  rmSync(path.join(project, 'tidemark.duckdb.yaml'))
  writeFileSync(path.join(project, '.env'), `${wanted.variable}='${url.replaceAll("'", '%27')}'\n`, { mode: 0o600 })
  narrator.line(`On the SQL Server that ${TEST_SERVER} names.`)
  return {
    onServer: true,
    [Symbol.asyncDispose]: async () => {
      if (!kept) await dropDatabases(url, project, wanted)
    },
  }
}

/** What `sql/NAME` holds becomes `sql`. */
function arrange(project: string, chosen: string, other: string): void {
  const scripts = path.join(project, 'sql')
  rmSync(path.join(scripts, other), { recursive: true })
  for (const name of readdirSync(path.join(scripts, chosen)))
    renameSync(path.join(scripts, chosen, name), path.join(scripts, name))
  rmSync(path.join(scripts, chosen), { recursive: true })
}

async function refuseWithoutDialect(): Promise<void> {
  try {
    await loadDialect('sqlserver')
  } catch (error) {
    throw new NotReady(
      `${TEST_SERVER} is set, but this version of Tidemark moves no rows of SQL Server (${wordsOf(error)}).\n` +
        'Unset it, and the example plays on DuckDB.',
    )
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function connectToServer(url: string, project: string): Promise<SqlServerSession> {
  try {
    return await SqlServerSession.connect(sqlServerOptionsOf(url, project, 'tidemark example'))
  } catch (error) {
    throw new NotReady(`the SQL Server of this example cannot be reached: ${wordsOf(error)}`)
  }
}

const text = (name: string): string => `N'${name.replaceAll("'", "''")}'`
const quoted = (name: string): string => `[${name.replaceAll(']', ']]')}]`

async function refuseExisting(session: SqlServerSession, { databases }: Servers): Promise<void> {
  const there = await session.rows(
    `SELECT name FROM sys.databases WHERE name IN (${databases.map(text).join(', ')}) ORDER BY name`,
  )
  if (there.length > 0)
    throw new NotReady(
      `there are databases of these names on the server already: ${there.map(([name]) => name).join(', ')}.\n` +
        'The example makes its own, and drops them in the end: drop those, or name another server.',
    )
}

async function dropDatabases(url: string, project: string, { databases }: Servers): Promise<void> {
  await using session = await connectToServer(url, project)
  for (const name of databases)
    await session.script(`IF DB_ID(${text(name)}) IS NOT NULL DROP DATABASE ${quoted(name)}`)
}
