import { describe, expect, test } from 'vitest'
import { inspectControlStore, openControlStore } from '../../src/control/open-control-store.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { TEST_SERVER, urlOfDatabase } from '../support/sqlserver-server.ts'
import { serverAbilities, SqlServerStoreHarness } from './sqlserver-store-harness.ts'

const PASSWORD = 'hunter2'
const { passwords } = await serverAbilities()

async function refusal(url: string): Promise<AppError> {
  const error: unknown = await openControlStore(url, { projectDir: '/nowhere', readOnly: false }).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  const refused = error as AppError
  expect(`${refused.stack} ${JSON.stringify([refused, refused.cause, refused.facts, refused.remedy])}`).not.toContain(
    PASSWORD,
  )
  await expect(inspectControlStore(url, '/nowhere')).rejects.toMatchObject({ code: refused.code })
  return refused
}

test('a port where no SQL Server listens and a host that is none are told at once, without the password', async () => {
  const refused = await refusal(`sqlserver://ann:${PASSWORD}@127.0.0.1:1/db`)
  expect(refused).toMatchObject({
    code: 'TM3005',
    remedy: [expect.stringContaining('host and port'), expect.any(String)],
  })
  expect((await refusal(`sqlserver://ann:${PASSWORD}@no-such-host.invalid/db`)).detail).toContain(
    'no-such-host.invalid:1433/db',
  )
})

test('a URL of a SQL Server that is none is refused without what it holds', async () => {
  expect((await refusal(`sqlserver://ann:${PASSWORD}@host:port/db`)).code).toBe('TM1011')
  expect((await refusal(`sqlserver://ann:${PASSWORD}@host/db?tls=maybe`)).detail).toContain('tls is one of')
})

describe.skipIf(TEST_SERVER === null)('a SQL Server that is there', () => {
  test.skipIf(!passwords)('refuses a wrong password, which is told without it', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    const url = new URL(harness.url)
    url.password = PASSWORD
    expect(await refusal(url.href)).toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('the user or the password')],
    })
  })

  test('has no database of another name, and says who makes it', async () => {
    const refused = await refusal(urlOfDatabase('nowhere_at_all'))
    expect(refused.code).toBe('TM3005')
    expect(refused.remedy.join('\n')).toContain('CREATE DATABASE')
    expect(refused.detail).toContain('/nowhere_at_all')
  })
})
