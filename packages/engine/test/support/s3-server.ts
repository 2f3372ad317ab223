/** A real S3-compatible server of a test's own: it checks signatures and hashes, and keeps its objects in a folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import S3rver from '@20minutes/s3rver'
import type { BucketOptions } from '../../src/drivers/s3.ts'
import { Secret } from '../../src/runtime/secret.ts'

export const BUCKET = 'archives'
/** the one account that it has */
export const ACCOUNT = 'S3RVER'

export class S3Server implements AsyncDisposable {
  readonly endpoint: string
  /** what lies in the bucket lies here */
  readonly folder: string
  readonly #server: S3rver

  private constructor(server: S3rver, endpoint: string, folder: string) {
    this.#server = server
    this.endpoint = endpoint
    this.folder = folder
  }

  static async start(port = 0): Promise<S3Server> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-s3-'))
    const server = new S3rver({
      address: '127.0.0.1',
      port,
      silent: true,
      directory: folder,
      configureBuckets: [{ name: BUCKET }],
    })
    const address = await server.run()
    return new S3Server(server, `http://127.0.0.1:${address.port}`, folder)
  }

  options(prefix = ''): BucketOptions {
    return {
      bucket: BUCKET,
      endpoint: this.endpoint,
      region: 'us-east-1',
      prefix,
      accessKey: new Secret(ACCOUNT),
      secretKey: new Secret(ACCOUNT),
      sessionToken: null,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
