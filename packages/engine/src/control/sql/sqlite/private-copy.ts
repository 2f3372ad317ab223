import { copyFile, constants, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../../runtime/app-error.ts'

export interface PrivateCopy extends AsyncDisposable {
  readonly path: string
}

export type CopyFile = (from: string, to: string) => Promise<void>

/** A clone where the file system can: then the size does not matter. */
const cloneFile: CopyFile = (from, to) => copyFile(from, to, constants.COPYFILE_FICLONE)

const ATTEMPTS = 40

/**
 * The store as it is now, copied aside: looking at a WAL database makes and changes files beside it, even read-only.
 * Other processes may write meanwhile. Before the WAL begins anew its header changes, and until then it holds every
 * page that a checkpoint may be writing into the main file; so main file first, WAL second, and both are one state if
 * the header stayed (without a WAL: if the main file stayed). Null: there is no store yet.
 */
export async function privateCopy(path: string, copy: CopyFile = cloneFile): Promise<PrivateCopy | null> {
  if (!(await isThere(path))) return null
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
  const made: PrivateCopy = {
    path: join(folder, basename(path)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
  try {
    for (let n = 1; n <= ATTEMPTS; n++) {
      const before = await standing(path)
      await copy(path, made.path)
      const hasWal = await copyIfThere(copy, `${path}-wal`, `${made.path}-wal`)
      if (hasWal === before.startsWith('wal') && (await standing(path)) === before) return made
      await rm(`${made.path}-wal`, { force: true })
      await sleep(25)
    }
  } catch (error) {
    await made[Symbol.asyncDispose]()
    throw error
  }
  await made[Symbol.asyncDispose]()
  throw new AppError('TM3011', `${path} changes faster than it can be read`)
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function copyIfThere(copy: CopyFile, from: string, to: string): Promise<boolean> {
  try {
    await copy(from, to)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Changes whenever the main file alone no longer is, or no longer was, the whole state. */
async function standing(path: string): Promise<string> {
  const header = await walHeader(`${path}-wal`)
  const main = async () => {
    const { size, mtimeNs } = await stat(path, { bigint: true })
    return `${size} ${mtimeNs}`
  }
  if (header === null) return `main ${await main()}`
  return header === '' ? `wal, empty ${await main()}` : `wal ${header}`
}

/** Magic, page size, checkpoint number and salts: 32 bytes. Empty for an empty WAL, null where there is none. */
async function walHeader(path: string): Promise<string | null> {
  try {
    await using file = await open(path)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(32), 0, 32, 0)
    return buffer.toString('hex', 0, bytesRead)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
