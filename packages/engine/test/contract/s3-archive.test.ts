import { afterAll, beforeAll, expect, test } from 'vitest'
import { openS3Store } from '../../src/dialects/archive/s3-store.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { S3Server } from '../support/s3-server.ts'
import { archiveStoreContract } from './archive-store-contract.ts'

const PART = 5 * 1024 ** 2
const NAME = { flow: 'm.t', snapshot: 's-00001' }

let server: S3Server
beforeAll(async () => {
  server = await S3Server.start()
})
afterAll(() => server[Symbol.asyncDispose]())

archiveStoreContract(
  'a bucket',
  () => {
    const prefix = `some folder/${newShortId(6)}`
    return Promise.resolve({
      open: () => openS3Store(server.options(prefix), PART),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  },
  2 * PART + 7,
)

test('a bucket that refuses a key says so, and no secret', async () => {
  await using store = openS3Store({ ...server.options(), secretKey: new Secret('no-such-secret') })
  const refused = await store.find(NAME).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'TM6201', message: expect.stringContaining('HTTP 403 SignatureDoesNotMatch') })
  expect(String((refused as Error).message)).not.toContain('no-such-secret')
})

test('a bucket that is not there is no empty one', async () => {
  await using store = openS3Store({ ...server.options(), bucket: 'no-such-bucket' })
  await expect(store.find(NAME)).rejects.toMatchObject({
    code: 'TM6201',
    message: expect.stringContaining('NoSuchBucket'),
  })
})

test('a server that does not answer is one that cannot be reached', async () => {
  await using store = openS3Store({ ...server.options(), endpoint: 'http://127.0.0.1:1' })
  await expect(store.find(NAME)).rejects.toMatchObject({
    code: 'TM6201',
    message: expect.stringMatching(/127\.0\.0\.1:1.*(ECONNREFUSED|bad port)/),
  })
})
