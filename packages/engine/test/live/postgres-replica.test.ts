import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openPostgresSource } from '../../src/dialects/postgres/open-source.ts'
import { probe } from '../../src/dialects/postgres/probe.ts'
import { connectionOf } from '../../src/dialects/postgres/session.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { optionsOf } from '../support/postgres-database.ts'
import { INSTANT, XID } from '../support/postgres-source.ts'
import { PostgresServer, VERSIONS } from '../support/postgres-server.ts'

test.each(VERSIONS)(
  "a replica of PostgreSQL %s has its replay's time for a clock, and says what it does not see",
  async (version) => {
    await using primary = await PostgresServer.start({ version })
    await using standby = await PostgresServer.standbyOf(primary)
    await using writer = await PostgresSession.connect(optionsOf(primary.port, 'postgres'), { search_path: 'public' })
    await using source = await openPostgresSource(connectionOf({ url: standby.url() }), () => new Secret('k'))
    const { port, session } = source
    await writer.run('CREATE TABLE src (at timestamptz DEFAULT now(), x xid8 DEFAULT pg_current_xact_id())')
    const replayed = async (): Promise<void> => {
      const [[lsn] = []] = await writer.rows('SELECT pg_current_wal_flush_lsn()::text')
      for (let i = 0; i < 500; i++, await sleep(10))
        if ((await session.rows('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn', [lsn ?? '']))[0]?.[0] === 't') return
      throw new Error('the replica does not follow')
    }
    const at = async () => {
      const moment = await port.moment(INSTANT, ['src'])
      const bounds = await port.bounds({ position: INSTANT, moment, buffer: 0n, watermark: null, earlierLook: null })
      return { moment, upTo: bounds.upTo ?? '' }
    }
    await writer.run('SET synchronous_commit = on')
    await writer.run('INSERT INTO src DEFAULT VALUES')
    await replayed()
    const first = await at()
    expect(first.moment.relies).toContain('replica')
    // nothing is replayed: its clock stands, whatever the time is
    await sleep(300)
    expect((await at()).moment.clock).toBe(first.moment.clock)
    await writer.run('INSERT INTO src DEFAULT VALUES')
    await replayed()
    expect(await port.compare(INSTANT.type, (await at()).upTo, first.upTo)).toBe(1)

    // transaction ids need no clock: what is open on the primary is open here
    await writer.begin()
    await writer.run('INSERT INTO src DEFAULT VALUES')
    const [[open] = []] = await writer.rows('SELECT pg_current_xact_id()::text')
    await using other = await PostgresSession.connect(optionsOf(primary.port, 'postgres'), { search_path: 'public' })
    await other.run('INSERT INTO src DEFAULT VALUES')
    await replayed()
    const moment = await port.moment(XID, ['src'])
    const bounds = await port.bounds({ position: XID, moment, buffer: 0n, watermark: null, earlierLook: null })
    expect(BigInt(bounds.upTo ?? '0')).toBeLessThan(BigInt(open ?? '0'))
    await writer.commit()

    const [here, there] = [
      await port.identity(),
      await writer.rows('SELECT system_identifier::text FROM pg_control_system()'),
    ]
    expect(here).toEqual({ system: expect.stringContaining(`postgres:${there[0]?.[0]}/`), timeline: null })
    expect(await probe({ url: standby.url() })).toContain('a replica: transactions that are open on its primary')
  },
)
