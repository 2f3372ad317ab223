import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectionOf, openSession } from '../../src/dialects/postgres/session.ts'
import { PostgresServer } from '../support/postgres-server.ts'

const OPENSSL = ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].find((p) => existsSync(p))
const NOBODY = 65_534

/** A certificate for that name by an authority of its own; PEM of the authority. */
function certificate(dir: string, name: string): string {
  const at = (file: string): string => join(dir, file)
  const openssl = (...args: readonly string[]): void => void execFileSync(OPENSSL ?? '', args, { stdio: 'ignore' })
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'] as const
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=authority')
  openssl('req', ...key.slice(0, 3), '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=server')
  writeFileSync(at('names'), `subjectAltName=${name}\n`)
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('names')]
  openssl('x509', '-req', '-in', at('server.csr'), ...signed, '-out', at('server.pem'))
  chmodSync(at('server.key'), 0o600)
  if (process.getuid?.() === 0) for (const file of ['server.key', 'server.pem']) chownSync(at(file), NOBODY, NOBODY)
  chmodSync(dir, 0o755)
  return readFileSync(at('ca.pem'), 'utf8')
}

test.runIf(OPENSSL !== undefined)(
  'TLS (where openssl is installed to make certificates): the authority is checked where it is to be, and the name where that is',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-tls-'))
    try {
      const ca = certificate(dir, 'IP:127.0.0.1')
      const settings = {
        ssl: 'on',
        ssl_cert_file: `'${join(dir, 'server.pem')}'`,
        ssl_key_file: `'${join(dir, 'server.key')}'`,
      }
      await using server = await PostgresServer.start({ version: '18', settings })
      const open = async (mode: string, authority: string | null = ca, host = '127.0.0.1') => {
        const tls = { mode, ...(authority === null ? {} : { ca: authority }) }
        await using session = await openSession(connectionOf({ url: server.url(), host, tls }), 'source')
        return (await session.rows('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'))[0]?.[0]
      }
      expect(await open('disable')).toBe('f')
      for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full'])
        expect([mode, await open(mode)]).toEqual([mode, 't'])
      expect(await open('require', null)).toBe('t')
      for (const mode of ['verify-ca', 'verify-full'])
        await expect(open(mode, null)).rejects.toMatchObject({ code: 'TM2001' })
      // the same server under a name that its certificate does not have
      expect(await open('verify-ca', ca, 'localhost')).toBe('t')
      await expect(open('verify-full', ca, 'localhost')).rejects.toMatchObject({ code: 'TM2001' })
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
)
