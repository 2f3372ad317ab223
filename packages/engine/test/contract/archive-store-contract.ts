/** What every place for archives promises, whatever it is made of. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { describe, expect, test } from 'vitest'
import type { ArchiveName, ArchiveStore } from '../../src/dialects/archive/archive-store.ts'
import { type Failpoint, neverHit } from '../../src/runtime/failpoint.ts'

export interface ArchivePlace extends AsyncDisposable {
  /** one more session on the same place */
  open(): ArchiveStore
}

interface File {
  readonly bytes: Buffer
  readonly path: string
  readonly manifest: ArchiveManifest
}

class Files implements Disposable {
  readonly #dir = mkdtempSync(path.join(os.tmpdir(), 'tidemark-archive-'))

  of(bytes: Buffer, over: Partial<ArchiveManifest> = {}): File {
    const file = path.join(this.#dir, `${randomBytes(6).toString('hex')}.parquet`)
    writeFileSync(file, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const manifest: ArchiveManifest = {
      format: 1,
      flow: 'm.t',
      snapshot: 's-00001',
      scope: '{"customer":"a/b ü"}',
      run: 'r-00001',
      taken_at: '2026-11-30T06:00:00.000Z',
      archived_at: '2026-11-30T06:00:01.000Z',
      retention_until: '2027-11-30T06:00:00.000Z',
      tags: { why: 'a "month" end' },
      rows: 3,
      sha256,
      bytes: bytes.length,
      uncompressed_bytes: 2 * bytes.length,
      compression_ratio: 2,
      schema_hash: sha256,
      row_digest: '1:2:3:4',
      key: ['id'],
      compared: [{ name: 'id', type: 'INTEGER', steps: [] }],
      columns: [{ name: 'id', type: 'INTEGER' }],
      engine: 'v1',
      ...over,
    }
    return { bytes, path: file, manifest }
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

async function bytesOf(store: ArchiveStore, name: ArchiveName): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of store.read(name)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** of zeros */
const HUGE = 24 * 1024 ** 2
const HUGE_SHA256 = '95aeaae03b56c171cf88753c821630a3c24f1fcf406cec3e17d56781aa3f8369'
const LARGEST_PIECE = 8 * 1024 ** 2

const NONE: ArchiveName = { flow: 'm.t', snapshot: 's-00009' }

/** `large`: of several pieces, the last one shorter. */
export function archiveStoreContract(name: string, place: () => Promise<ArchivePlace>, large: number): void {
  const it = (title: string, body: (place: ArchivePlace, store: ArchiveStore, files: Files) => Promise<void>) =>
    test(title, async () => {
      await using there = await place()
      await using store = there.open()
      expect(store.location).not.toBe('')
      using files = new Files()
      await body(there, store, files)
    })

  describe(`archive store contract: ${name}`, () => {
    it('an archive comes back byte by byte, with its manifest', async (there, store, files) => {
      const { manifest, bytes, path: file } = files.of(randomBytes(10_000))
      expect(await store.find(manifest)).toBeNull()
      expect(await store.size(manifest)).toBeNull()
      await store.put(manifest, file, neverHit)
      await using other = there.open()
      expect(await other.find(manifest)).toEqual(manifest)
      expect(await other.size(manifest)).toBe(10_000n)
      expect((await bytesOf(other, manifest)).equals(bytes)).toBe(true)
    })

    it('a large archive goes in pieces and comes back as one', async (_, store, files) => {
      const { manifest, bytes, path: file } = files.of(randomBytes(large))
      let pieces = 0
      await store.put(manifest, file, (point) => {
        pieces += point === 'archive:begun' ? 1 : 0
      })
      expect(pieces).toBeGreaterThan(2)
      expect(await store.size(manifest)).toBe(BigInt(large))
      expect((await bytesOf(store, manifest)).equals(bytes)).toBe(true)
    })

    it('an archive of any size goes in pieces of a few MiB, out and in', async (_, store, files) => {
      const { manifest, path: file } = files.of(randomBytes(1), { bytes: HUGE, sha256: HUGE_SHA256 })
      truncateSync(file, 0)
      truncateSync(file, HUGE)
      let pieces = 0
      await store.put(manifest, file, (point) => {
        pieces += point === 'archive:begun' ? 1 : 0
      })
      expect(HUGE / pieces).toBeLessThanOrEqual(LARGEST_PIECE)
      let bytes = 0
      for await (const piece of store.read(manifest)) {
        bytes += piece.length
        expect(piece.length).toBeLessThanOrEqual(LARGEST_PIECE)
      }
      expect(bytes).toBe(HUGE)
    })

    it('an archive that is not that of its manifest is refused, and nothing is found', async (_, store, files) => {
      for (const size of [100, large]) {
        const { manifest, path: file, bytes } = files.of(randomBytes(size))
        writeFileSync(file, bytes.subarray(1))
        await expect(store.put(manifest, file, neverHit)).rejects.toMatchObject({ code: 'TM6203' })
        expect(await store.find(manifest)).toBeNull()
        expect(await store.size(manifest)).toBeNull()
      }
    })

    it('whoever dies half-way has archived nothing, and the next one archives it', async (there, _, files) => {
      const points: readonly Failpoint[] = ['archive:begun', 'archive:file']
      for (const size of [100, large])
        for (const point of points) {
          const { manifest, path: file, bytes } = files.of(randomBytes(size), { snapshot: `s-${point.slice(8)}` })
          await using dying = there.open()
          const died = dying.put(manifest, file, (at) => {
            if (at === point) throw new Error('died')
          })
          await expect(died).rejects.toThrow('died')
          await using next = there.open()
          expect(await next.find(manifest)).toBeNull()
          await next.put(manifest, file, neverHit)
          expect((await bytesOf(next, manifest)).equals(bytes)).toBe(true)
          await next.remove(manifest)
        }
    })

    it('an archive that is put again takes the place of what was there', async (_, store, files) => {
      const first = files.of(randomBytes(large))
      const second = files.of(randomBytes(50))
      await store.put(first.manifest, first.path, neverHit)
      await store.put(second.manifest, second.path, neverHit)
      expect(await store.find(first.manifest)).toEqual(second.manifest)
      expect((await bytesOf(store, first.manifest)).equals(second.bytes)).toBe(true)
      expect(await store.size(first.manifest)).toBe(50n)
    })

    it('two who write one archive at once leave a whole one', async (there, store, files) => {
      const { manifest, path: file, bytes } = files.of(randomBytes(large))
      await using other = there.open()
      const done = await Promise.allSettled([store.put(manifest, file, neverHit), other.put(manifest, file, neverHit)])
      expect(done.map(({ status }) => status)).toContain('fulfilled')
      expect(await store.find(manifest)).toEqual(manifest)
      expect((await bytesOf(store, manifest)).equals(bytes)).toBe(true)
    })

    it('tags and retention of an archive are written anew, and the file stays', async (_, store, files) => {
      const { manifest, path: file, bytes } = files.of(randomBytes(500))
      await store.put(manifest, file, neverHit)
      const amended: ArchiveManifest = { ...manifest, tags: { hold: 'true' }, retention_until: null }
      await store.amend(amended)
      expect(await store.find(manifest)).toEqual(amended)
      expect((await bytesOf(store, manifest)).equals(bytes)).toBe(true)
      await expect(store.amend({ ...manifest, ...NONE })).rejects.toMatchObject({ code: 'TM6202' })
    })

    it('an archive that is removed is gone, and may be removed again', async (_, store, files) => {
      const one = files.of(randomBytes(500))
      const other = files.of(randomBytes(600), { flow: 'm.other' })
      for (const { manifest, path: file } of [one, other]) await store.put(manifest, file, neverHit)
      await store.remove(one.manifest)
      await store.remove(one.manifest)
      await store.remove(NONE)
      expect([await store.find(one.manifest), await store.size(one.manifest)]).toEqual([null, null])
      await expect(bytesOf(store, one.manifest)).rejects.toMatchObject({ code: 'TM6202' })
      expect((await bytesOf(store, other.manifest)).equals(other.bytes)).toBe(true)
    })

    it('what was never archived is not there', async (_, store) => {
      expect([await store.find(NONE), await store.size(NONE)]).toEqual([null, null])
      await expect(bytesOf(store, NONE)).rejects.toMatchObject({ code: 'TM6202' })
    })
  })
}
