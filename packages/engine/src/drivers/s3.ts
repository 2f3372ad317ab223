/** A bucket of an S3-compatible store. Requests are signed by aws4fetch; bytes are signed too, so the server checks them. */
import { createHash } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import type { Secret } from '../runtime/secret.ts'

export interface BucketOptions {
  readonly bucket: string
  /** `https://HOST` */
  readonly endpoint: string
  readonly region: string
  /** folders in the bucket; empty: the whole of it */
  readonly prefix: string
  readonly accessKey: Secret
  readonly secretKey: Secret
  readonly sessionToken: Secret | null
}

/** What a server said, or that it said nothing. Never what it was sent. */
export class BucketError extends Error {
  override readonly name = 'BucketError'
}

const RETRIES = 3
const FIRST_WAIT_MS = 200
/** of a request whose answer is short: a part of some megabytes on a slow line */
const ANSWER_MS = 180_000

type Query = Readonly<Record<string, string>>

interface Request {
  readonly query?: Query
  readonly body?: Uint8Array
  readonly type?: string
  /** statuses besides 2xx that are an answer */
  readonly also?: readonly number[]
  /** the answer may go on for long */
  readonly streams?: boolean
}

export class Bucket {
  readonly location: string
  readonly #options: BucketOptions
  readonly #client: AwsClient

  constructor(options: BucketOptions) {
    const { endpoint, bucket, prefix, region, accessKey, secretKey, sessionToken } = options
    this.location = [endpoint.replace(/\/$/, ''), bucket, ...(prefix === '' ? [] : [prefix])].join('/')
    this.#options = options
    this.#client = new AwsClient({
      service: 's3',
      region,
      accessKeyId: accessKey.reveal(),
      secretAccessKey: secretKey.reveal(),
      ...(sessionToken === null ? {} : { sessionToken: sessionToken.reveal() }),
      retries: RETRIES,
      initRetryMs: FIRST_WAIT_MS,
    })
  }

  /** Is the bucket there, and may we look into it? */
  async probe(): Promise<void> {
    await this.#send('GET', null, { query: { 'list-type': '2', 'max-keys': '1' } })
  }

  async put(key: string, body: Uint8Array, type: string): Promise<void> {
    await this.#send('PUT', key, { body, type })
  }

  /** Null: there is no such object. */
  async size(key: string): Promise<bigint | null> {
    const answer = await this.#send('HEAD', key, { also: [404] })
    return answer.status === 404 ? null : BigInt(answer.headers.get('content-length') ?? '0')
  }

  async text(key: string): Promise<string | null> {
    const answer = await this.#send('GET', key, { also: [404] })
    // a bucket that is not there is another thing than an object that is not
    if (answer.status === 404) return await noObject(answer)
    return await reading(answer.text())
  }

  async read(key: string): Promise<AsyncIterable<Uint8Array> | null> {
    const answer = await this.#send('GET', key, { also: [404], streams: true })
    if (answer.status === 404) return await noObject(answer)
    return piecesOf(answer)
  }

  async remove(key: string): Promise<void> {
    await this.#send('DELETE', key, { also: [404] })
  }

  /** The id of an upload in parts. */
  async startUpload(key: string, type: string): Promise<string> {
    const answer = await this.#send('POST', key, { query: { uploads: '' }, type })
    const id = /<UploadId>([^<]+)<\/UploadId>/.exec(await reading(answer.text()))?.[1]
    if (id === undefined) throw new BucketError('it begins no upload in parts')
    return id
  }

  /** The part's tag, by which the upload is completed. Parts are numbered from 1. */
  async putPart(key: string, upload: string, part: number, body: Uint8Array): Promise<string> {
    const answer = await this.#send('PUT', key, { query: { partNumber: String(part), uploadId: upload }, body })
    const tag = answer.headers.get('etag')
    if (tag === null) throw new BucketError('it gives a part no tag')
    return tag
  }

  async completeUpload(key: string, upload: string, tags: readonly string[]): Promise<void> {
    const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`)
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const answer = await this.#send('POST', key, { query: { uploadId: upload }, body, type: 'application/xml' })
    // it begins to answer before it knows how it ends
    const text = await reading(answer.text())
    if (/<Error>/.test(text)) throw new BucketError(wordsOf(text, answer.status))
  }

  async abortUpload(key: string, upload: string): Promise<void> {
    await this.#send('DELETE', key, { query: { uploadId: upload }, also: [404] })
  }

  async #send(method: string, key: string | null, { query = {}, body, type, also = [], streams }: Request) {
    const { endpoint, bucket, prefix } = this.#options
    const path = [bucket, ...(key === null ? [] : [...prefix.split('/').filter((part) => part !== ''), key])]
    const url = new URL(`${endpoint.replace(/\/$/, '')}/${path.join('/').split('/').map(encodeURIComponent).join('/')}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const headers: Record<string, string> = {
      'x-amz-content-sha256': createHash('sha256')
        .update(body ?? '')
        .digest('hex'),
      ...(type === undefined ? {} : { 'content-type': type }),
    }
    const answer = await asked(
      this.#client.fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
        ...(streams === true ? {} : { signal: AbortSignal.timeout(ANSWER_MS) }),
      }),
    )
    if (answer.ok || also.includes(answer.status)) return answer
    throw new BucketError(wordsOf(method === 'HEAD' ? '' : await reading(answer.text()), answer.status))
  }
}

async function noObject(answer: Response): Promise<null> {
  const text = await reading(answer.text())
  if (/<Code>NoSuchBucket<\/Code>/.test(text)) throw new BucketError(wordsOf(text, answer.status))
  return null
}

async function* piecesOf(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return
  try {
    for await (const piece of answer.body) yield piece
  } catch (error) {
    throw lost(error)
  }
}

const asked = <T>(request: Promise<T>): Promise<T> =>
  request.catch((error: unknown) => {
    throw lost(error)
  })
const reading = asked

/** `fetch` says no more than that it failed; its cause knows why. */
function lost(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BucketError) return error
  const { cause } = error
  const each = cause instanceof AggregateError ? cause.errors.map((e: unknown) => String(e)).join('; ') : ''
  const why = each || (cause instanceof Error ? cause.message : '') || error.message
  return new BucketError(why, { cause: error })
}

/** The code and the sentence; other parts of an answer repeat what was sent. */
function wordsOf(xml: string, status: number): string {
  const part = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return [`HTTP ${status}`, part('Code'), part('Message')].filter((word) => word !== '').join(' ')
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
