/** Archives in a folder: FLOW/SNAPSHOT.parquet, and FLOW/SNAPSHOT.json beside it. */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { AppError } from '../../runtime/app-error.ts'
import type { Hit } from '../../runtime/failpoint.ts'
import { type ArchiveName, type ArchiveStore, archiveText } from './archive-store.ts'
import { manifestText, parseManifest } from './manifest-text.ts'
import { expectSent, piecesOf, Sums } from './pieces.ts'

const PIECE = 1024 ** 2

export function openFolderStore(folder: string): ArchiveStore {
  const fileOf = ({ flow, snapshot }: ArchiveName): string => join(folder, flow, `${snapshot}.parquet`)
  const manifestOf = ({ flow, snapshot }: ArchiveName): string => join(folder, flow, `${snapshot}.json`)

  /** Under a name that no other writer has until it is whole and on the disk. */
  const place = async (path: string, write: (file: Awaited<ReturnType<typeof open>>) => Promise<void>) => {
    await mkdir(dirname(path), { recursive: true })
    const part = `${path}.${randomUUID()}.part`
    {
      await using file = await open(part, 'wx')
      await write(file)
      await file.sync()
    }
    await rename(part, path)
    await removeParts(path)
    await syncFolder(dirname(path))
  }
  const saying = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw translate(error, folder)
    }
  }
  const find = async (name: ArchiveName): Promise<ArchiveManifest | null> => {
    const text = await saying(() => ifThere(readFile(manifestOf(name), 'utf8')))
    return text === null ? null : parseManifest(text, name, folder)
  }
  const putManifest = (manifest: ArchiveManifest): Promise<void> =>
    place(manifestOf(manifest), (file) => file.writeFile(manifestText(manifest)))

  return {
    location: folder,
    find,
    put: (manifest, path, hit: Hit) =>
      saying(async () => {
        const sums = new Sums()
        await place(fileOf(manifest), async (file) => {
          for await (const piece of piecesOf(path, PIECE)) {
            sums.add(piece)
            // all of it: `write` may write less, on a disk that fills up
            await file.writeFile(piece)
            await hit('archive:begun')
          }
          expectSent(manifest, sums)
        })
        await hit('archive:file')
        await putManifest(manifest)
        await hit('archive:manifest')
      }),
    amend: async (manifest) => {
      if ((await find(manifest)) === null) throw new AppError('TM6202', `${archiveText(manifest)} in ${folder}`)
      await saying(() => putManifest(manifest))
    },
    size: async (name) => {
      const found = await saying(() => ifThere(stat(fileOf(name), { bigint: true })))
      return found?.size ?? null
    },
    read: async function* (name) {
      try {
        yield* piecesOf(fileOf(name), PIECE)
      } catch (error) {
        if (isMissing(error)) throw new AppError('TM6202', `${archiveText(name)} in ${folder}`, { cause: error })
        throw translate(error, folder)
      }
    },
    remove: (name) =>
      saying(async () => {
        // a manifest without a file is seen by whoever looks, a file without one is not
        for (const path of [fileOf(name), manifestOf(name)]) {
          await removeParts(path)
          await rm(path, { force: true })
        }
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** What writers left that died, or that another was faster than. */
async function removeParts(path: string): Promise<void> {
  const folder = dirname(path)
  for (const name of (await ifThere(readdir(folder))) ?? [])
    if (name.startsWith(`${basename(path)}.`) && name.endsWith('.part')) await rm(join(folder, name), { force: true })
}

async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch {
    // not every file system lets a folder be synced; the rename has taken place
  }
}

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error ? String(error.code) : null

/** The file is not there, or a folder above it is not. */
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function translate(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (error instanceof AppError || code === null || !(error instanceof Error)) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new AppError('TM6201', `${folder}: ${full ? 'there is no room left' : error.message}`, { cause: error })
}
