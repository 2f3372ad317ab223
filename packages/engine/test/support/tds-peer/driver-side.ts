/** The driver's side of a peer. */
import { type SqlServerOptions, SqlServerSession } from '../../../src/drivers/sqlserver.ts'
import { connectionOf, type SqlServerConnection } from '../../../src/dialects/sqlserver/session.ts'
import { Secret } from '../../../src/runtime/secret.ts'
import { inspect } from 'node:util'
import { vi } from 'vitest'
import type { TdsPeer } from './peer.ts'

export const optionsTo = (peer: TdsPeer, change: Partial<SqlServerOptions> = {}): SqlServerOptions => ({
  host: '127.0.0.1',
  port: peer.port,
  instance: null,
  database: 'sales',
  login: { kind: 'sql', user: 'ann', password: new Secret('pw') },
  tls: { mode: 'disable', ca: null, serverName: null },
  applicationName: 'tidemark source',
  connectTimeoutMs: 5_000,
  readOnly: false,
  ...change,
})

export const sessionTo = (peer: TdsPeer, change: Partial<SqlServerOptions> = {}): Promise<SqlServerSession> =>
  SqlServerSession.connect(optionsTo(peer, change))

export const connectionTo = (peer: TdsPeer, given: Readonly<Record<string, unknown>> = {}): SqlServerConnection =>
  connectionOf({
    host: '127.0.0.1',
    port: peer.port,
    database: 'sales',
    user: 'ann',
    password: 'pw',
    tls: { mode: 'disable' },
    ...given,
  })

export const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => {
      throw new TypeError(`nothing was thrown, but this came: ${inspect(value)}`)
    },
    (error: unknown) => error,
  )

/** However busy the machine is. */
export const eventually = (assertion: () => void): Promise<void> =>
  vi.waitFor(assertion, { timeout: 20_000, interval: 5 })
