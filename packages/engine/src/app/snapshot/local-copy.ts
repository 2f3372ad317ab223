/** An archive's file on this machine for a while, its bytes summed up on their way. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { type ArchiveName, type ArchiveStore, archiveText } from '../../dialects/archive/archive-store.ts'
import { Sums } from '../../dialects/archive/pieces.ts'
import { AppError } from '../../runtime/app-error.ts'

export interface LocalCopy extends Disposable {
  readonly path: string
  readonly sha256: string
  readonly bytes: bigint
}

/** Of whatever lies there. */
export async function copyHere(store: ArchiveStore, name: ArchiveName, folder: string): Promise<LocalCopy> {
  mkdirSync(folder, { recursive: true })
  const dir = mkdtempSync(join(folder, 'archive-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  try {
    const path = join(dir, `${name.snapshot}.parquet`)
    const sums = new Sums()
    await using file = await open(path, 'w')
    for await (const piece of store.read(name)) {
      sums.add(piece)
      await file.write(piece)
    }
    return { path, ...sums.end(), [Symbol.dispose]: remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** Throws TM6203 where it is not what was written. */
export async function soundCopy(store: ArchiveStore, manifest: ArchiveManifest, folder: string): Promise<LocalCopy> {
  const copy = await copyHere(store, manifest, folder)
  if (copy.sha256 === manifest.sha256) return copy
  copy[Symbol.dispose]()
  throw new AppError('TM6203', `${archiveText(manifest)} in ${store.location}: its SHA-256 is ${copy.sha256}`)
}
