/** An archive's file on this machine for a while, its bytes summed up on their way. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { ArchiveName, ArchiveStore } from '../../dialects/archive/archive-store.ts'
import { copyOut, expectSound } from '../../dialects/archive/pieces.ts'

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
    return { path, ...(await copyOut(store, name, path)), [Symbol.dispose]: remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** Throws TM6203 where it is not what was written. */
export async function soundCopy(store: ArchiveStore, manifest: ArchiveManifest, folder: string): Promise<LocalCopy> {
  const copy = await copyHere(store, manifest, folder)
  try {
    expectSound(manifest, copy, store.location)
    return copy
  } catch (error) {
    copy[Symbol.dispose]()
    throw error
  }
}
