/** Who holds a fence in PostgreSQL, what becomes of one that sleeps, and what a raise may not end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PostgresTarget } from '../../src/dialects/postgres/target.ts'
import { targetNames } from '../../src/dialects/postgres/names.ts'
import { connectionOf, openSession } from '../../src/dialects/postgres/session.ts'
import { postgresKit } from '../../src/dialects/postgres/sql-kit.ts'
import type { Catalogs } from '../../src/dialects/relational/names.ts'
import { sourceNames } from '../../src/dialects/postgres/names.ts'
import { SHARED_STATEMENTS } from '../../src/dialects/relational/statements.ts'
import { ident } from '../../src/dialects/sql-text.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { fenceOf } from '../contract/target-contract.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { errorOf } from '../support/sleeper.ts'

const never = new AbortController().signal

const catalogs: Catalogs = {
  kit: postgresKit(150_000),
  source: sourceNames('public'),
  target: targetNames('public'),
  work: (name) => ident('tidemark_work', name),
  say: SHARED_STATEMENTS,
  secret: () => new Secret('k'),
}

/** A target port for that role, with the fence of `m.t` at 1. */
async function targetOf(url: string) {
  const connection = connectionOf({ url }, 'target')
  const session = await openSession(connection, 'target')
  const port = new PostgresTarget(connection, session, catalogs)
  return { port, session, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() }
}

const PREPARED = [
  'CREATE SCHEMA tidemark',
  'CREATE TABLE tidemark.fence (store varchar, flow varchar, token bigint NOT NULL, owner_pid integer, owner_started timestamptz, PRIMARY KEY (store, flow))',
  "INSERT INTO tidemark.fence VALUES ('s1', 'm.t', 1)",
]

const HOLD = "BEGIN; SELECT token FROM tidemark.fence WHERE store = 's1' AND flow = 'm.t' FOR SHARE"

/** A process that holds the fence and stops in the middle of a COPY, its transaction open. */
async function stoppedInCopy(db: TestDatabase) {
  const child = spawn(
    process.execPath,
    [
      '--conditions=tidemark-source',
      join(import.meta.dirname, '../support/stopped-copy.ts'),
      JSON.stringify(db.options),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  child.kill('SIGSTOP')
  return {
    pid: said.trim(),
    wake: async (): Promise<string> => {
      const ended = once(child.stdout, 'data')
      child.kill('SIGCONT')
      return String((await ended)[0]).trim()
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

describe.each(VERSIONS)('the fence in PostgreSQL %s', (version) => {
  test('a process that was stopped in the middle of a COPY, its transaction open, is ended past the bound, and what it sends later is refused', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(...PREPARED, 'CREATE TABLE dst (id bigint)')
    using sleeper = await stoppedInCopy(db)
    expect(await db.rows(`SELECT state, wait_event FROM pg_stat_activity WHERE pid = ${sleeper.pid}`)).toEqual([
      ['active', 'ClientRead'],
    ])
    await using target = await targetOf(db.url)
    const begun = performance.now()
    await target.port.raiseFence(fenceOf(2n), 500, never)
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(await target.port.fenceToken('s1', 'm.t')).toBe(2n)
    expect(await db.rows(`SELECT 1 FROM pg_stat_activity WHERE pid = ${sleeper.pid}`)).toEqual([])
    expect(await sleeper.wake()).toBe('refused')
    expect(await db.rows('SELECT id FROM dst')).toEqual([])
  })

  test('where ending the holder takes a right that is not there, the raise names its process and the command', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec(...PREPARED, `CREATE ROLE ${role} LOGIN`, `GRANT USAGE ON SCHEMA tidemark TO ${role}`)
    await db.exec(`GRANT ALL ON ALL TABLES IN SCHEMA tidemark TO ${role}`)
    try {
      await using holder = await db.connect()
      await holder.script(HOLD)
      await using target = await targetOf(db.url.replace('postgres@', `${role}@`))
      const error = await errorOf(target.port.raiseFence(fenceOf(2n), 300, never))
      expect(error).toMatchObject({ code: 'TM3009' })
      expect(String(error)).toContain(`process ${holder.pid} (postgres`)
      expect(error instanceof AppError && error.remedy.join()).toContain(`SELECT pg_terminate_backend(${holder.pid});`)
      expect(await holder.rows('SELECT 1')).toEqual([['1']])
    } finally {
      await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
    }
  })

  test('a raise ends nobody that does not hold the fence', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(...PREPARED)
    await using other = await db.connect()
    await other.script("BEGIN; SELECT 1 FROM tidemark.fence WHERE flow = 'm.other' FOR SHARE")
    await using holder = await db.connect()
    await holder.script(HOLD)
    await using target = await targetOf(db.url)
    await target.port.raiseFence(fenceOf(2n), 200, never)
    expect(await other.rows('SELECT 1')).toEqual([['1']])
    expect(holder.closed || (await errorOf(holder.rows('SELECT 1'))) instanceof Error).toBe(true)
  })

  test('who raised the fence is written in it', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(...PREPARED)
    await using target = await targetOf(db.url)
    await target.port.raiseFence(fenceOf(5n), 200, never)
    const [row] = await db.rows(
      "SELECT token, owner_pid > 0, owner_started <= clock_timestamp() FROM tidemark.fence WHERE flow = 'm.t'",
    )
    expect(row).toEqual(['5', 't', 't'])
  })
})
