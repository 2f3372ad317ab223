/** A local file in pieces, so that it is never in memory as a whole. */
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { AppError } from '../../runtime/app-error.ts'
import { type ArchiveName, type ArchiveStore, archiveText } from './archive-store.ts'

/** Each of `bytes`, the last one of what is left; none of an empty file. A piece is good until the next one is asked for. */
export async function* piecesOf(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r')
  const room = Buffer.allocUnsafe(bytes)
  for (;;) {
    let filled = 0
    while (filled < bytes) {
      const { bytesRead } = await file.read(room, filled, bytes - filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    if (filled > 0) yield room.subarray(0, filled)
    if (filled < bytes) return
  }
}

/** Watches the bytes of an archive on their way. */
export class Sums {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0n

  add(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#bytes += BigInt(piece.length)
  }

  end(): { readonly sha256: string; readonly bytes: bigint } {
    return { sha256: this.#hash.digest('hex'), bytes: this.#bytes }
  }
}

export async function sumsOf(pieces: AsyncIterable<Uint8Array>): Promise<ReturnType<Sums['end']>> {
  const sums = new Sums()
  for await (const piece of pieces) sums.add(piece)
  return sums.end()
}

/** Throws TM6203 where what was sent is not what the manifest says. */
export function expectSent(manifest: ArchiveManifest, sums: Sums): void {
  const { sha256, bytes } = sums.end()
  if (sha256 === manifest.sha256 && bytes === BigInt(manifest.bytes)) return
  throw new AppError('TM6203', `the image of ${archiveText(manifest)} changed while it was archived`)
}

/** The archive's file as it lies there, into a local one. */
export async function copyOut(store: ArchiveStore, name: ArchiveName, path: string): Promise<ReturnType<Sums['end']>> {
  const sums = new Sums()
  await using file = await open(path, 'w')
  for await (const piece of store.read(name)) {
    sums.add(piece)
    // all of it: `write` may write less, on a disk that fills up
    await file.writeFile(piece)
  }
  return sums.end()
}

/** Throws TM6203 where what lies there is not what was archived. */
export function expectSound(
  manifest: ArchiveManifest,
  { sha256 }: { readonly sha256: string },
  location: string,
): void {
  if (sha256 === manifest.sha256) return
  throw new AppError('TM6203', `${archiveText(manifest)} in ${location}: its SHA-256 is ${sha256}`)
}
