/** Archives in a bucket: PREFIX/FLOW/SNAPSHOT.parquet, and PREFIX/FLOW/SNAPSHOT.json beside it. */
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { Bucket, type BucketOptions, BucketError } from '../../drivers/s3.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Hit } from '../../runtime/failpoint.ts'
import { type ArchiveName, type ArchiveStore, archiveText } from './archive-store.ts'
import { manifestText, parseManifest } from './manifest-text.ts'
import { expectSent, piecesOf, Sums } from './pieces.ts'

/** The least that a part may have is 5 MiB; there may be ten thousand of them. */
export const PART_BYTES = 8 * 1024 ** 2
const MOST_PARTS = 9_000n

export function openS3Store(options: BucketOptions, partBytes = PART_BYTES): ArchiveStore {
  const bucket = new Bucket(options)
  const { location } = bucket
  const fileOf = ({ flow, snapshot }: ArchiveName): string => `${flow}/${snapshot}.parquet`
  const manifestOf = ({ flow, snapshot }: ArchiveName): string => `${flow}/${snapshot}.json`

  const saying = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw translate(error, location)
    }
  }
  const find = async (name: ArchiveName): Promise<ArchiveManifest | null> => {
    const text = await saying(() => bucket.text(manifestOf(name)))
    return text === null ? null : parseManifest(text, name, location)
  }
  const putManifest = (manifest: ArchiveManifest): Promise<void> =>
    bucket.put(manifestOf(manifest), Buffer.from(manifestText(manifest)), 'application/json')

  /** In one piece where it is short: all of it is there, or nothing. */
  const putFile = async (manifest: ArchiveManifest, path: string, hit: Hit): Promise<void> => {
    const key = fileOf(manifest)
    const bytes = BigInt(manifest.bytes)
    const least = Number(bytes / MOST_PARTS) + 1
    const pieces = piecesOf(path, Math.max(partBytes, least))
    const sums = new Sums()
    if (bytes <= BigInt(partBytes)) {
      const all: Buffer[] = []
      for await (const piece of pieces) {
        sums.add(piece)
        all.push(Buffer.from(piece))
      }
      expectSent(manifest, sums)
      await hit('archive:begun')
      await bucket.put(key, Buffer.concat(all), 'application/vnd.apache.parquet')
      return
    }
    const upload = await bucket.startUpload(key, 'application/vnd.apache.parquet')
    try {
      const tags: string[] = []
      for await (const piece of pieces) {
        sums.add(piece)
        tags.push(await bucket.putPart(key, upload, tags.length + 1, piece))
        await hit('archive:begun')
      }
      expectSent(manifest, sums)
      await bucket.completeUpload(key, upload, tags)
    } catch (error) {
      // what went wrong before is what there is to tell; its parts go with the bucket's own rule
      await bucket.abortUpload(key, upload).catch(() => undefined)
      throw error
    }
  }

  return {
    location,
    find,
    put: (manifest, path, hit) =>
      saying(async () => {
        await putFile(manifest, path, hit)
        await hit('archive:file')
        await putManifest(manifest)
        await hit('archive:manifest')
      }),
    amend: async (manifest) => {
      if ((await find(manifest)) === null) throw new AppError('TM6202', `${archiveText(manifest)} in ${location}`)
      await saying(() => putManifest(manifest))
    },
    size: (name) => saying(() => bucket.size(fileOf(name))),
    read: async function* (name) {
      try {
        const body = await bucket.read(fileOf(name))
        if (body === null) throw new AppError('TM6202', `${archiveText(name)} in ${location}`)
        yield* body
      } catch (error) {
        throw translate(error, location)
      }
    },
    remove: (name) =>
      saying(async () => {
        // a manifest without a file is seen by whoever looks, a file without one is not
        for (const key of [fileOf(name), manifestOf(name)]) await bucket.remove(key)
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const translate = (error: unknown, location: string): unknown =>
  error instanceof BucketError ? new AppError('TM6201', `${location}: ${error.message}`, { cause: error }) : error
