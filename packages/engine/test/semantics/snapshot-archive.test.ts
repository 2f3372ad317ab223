/** What becomes of an archive that two write at once, or that somebody tags while it is on its way. */
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFolderStore } from '../../src/dialects/archive/folder-store.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { type Failpoint, type Hit, neverHit } from '../../src/runtime/failpoint.ts'
import { type ArchiveEntry, updateEntry } from '../../src/snapshot/archive-entry.ts'
import { archivePending, type Tried } from '../../src/snapshot/archive-pending.ts'
import { type HotPlace, hotPath, HotSide } from '../../src/snapshot/hot-side.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'

const flow = snapshotFlow({ archive: { connection: null, retainMs: null } })

interface Pending extends AsyncDisposable {
  readonly s: SnapshotWorld
  readonly place: HotPlace
  readonly id: string
  archive(hit: Hit): Promise<readonly Tried[]>
  entries(): Promise<readonly ArchiveEntry[]>
}

/** A snapshot whose archive could not be written. */
async function pending(): Promise<Pending> {
  const s = await openSnapshotWorld()
  const limits = { memoryBytes: 512 * 1024 ** 2, threads: 2, tempDir: join(s.w.dir, 'tmp') }
  const place: HotPlace = { folder: s.folder, limits, keep: 2, retainMs: null }
  const archives = { open: () => Promise.resolve(openFolderStore(join(s.w.dir, 'archive'))) }
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  writeFileSync(join(s.w.dir, 'archive'), 'no folder')
  await s.take(flow)
  rmSync(join(s.w.dir, 'archive'))
  const [row] = await s.snapshots(flow)
  return {
    s,
    place,
    id: row?.id ?? '',
    archive: (hit) => archivePending(place, flow.id, archives, hit),
    entries: async () => {
      await using hot = await HotSide.open(place, flow.id, 'read')
      return (await hot?.entries()) ?? []
    },
    [Symbol.asyncDispose]: () => s[Symbol.asyncDispose](),
  }
}

const once = (wanted: Failpoint, act: () => Promise<void>): Hit => {
  let isDone = false
  return async (point) => {
    if (point !== wanted || isDone) return
    isDone = true
    await act()
  }
}

test('a tag that is set while the archive is on its way stays, in the hot side and beside the file', async () => {
  await using p = await pending()
  const tagged = once('archive:file', async () => {
    const [entry] = await p.entries()
    await using hot = await HotSide.open(p.place, flow.id, 'write')
    if (entry) await hot.desk.exec(updateEntry(hot.catalog, { ...entry, tags: { hold: 'true' } }))
  })
  expect(await p.archive(tagged)).toMatchObject([{ error: null, entry: { tags: { hold: 'true' } } }])
  expect(await p.entries()).toMatchObject([{ state: 'archived', tags: { hold: 'true' } }])
  const beside = readFileSync(join(p.s.w.dir, 'archive', flow.id, `${p.id}.json`), 'utf8')
  expect(JSON.parse(beside)).toMatchObject({ tags: { hold: 'true' } })
})

test('of two who write one archive the slower one, whatever becomes of it, takes nothing back', async () => {
  await using p = await pending()
  const overtaken = once('archive:file', async () => {
    expect(await p.archive(neverHit)).toMatchObject([{ error: null }])
    throw new AppError('TM6201', 'the network')
  })
  expect(await p.archive(overtaken)).toMatchObject([{ error: null, entry: { state: 'archived' } }])
  expect(await p.entries()).toMatchObject([{ state: 'archived', problem: null }])
  expect(readdirSync(join(p.s.w.dir, 'archive', flow.id)).toSorted()).toEqual([`${p.id}.json`, `${p.id}.parquet`])
})

test('what stands beside the file is what is recorded, whichever of two writers was the last at either', async () => {
  await using p = await pending()
  const beside = (): unknown => JSON.parse(readFileSync(join(p.s.w.dir, 'archive', flow.id, `${p.id}.json`), 'utf8'))
  // the other one writes and records between what this one does of both
  const between = once('archive:manifest', async () => void (await p.archive(neverHit)))
  expect(await p.archive(between)).toMatchObject([{ error: null }])
  const [entry] = await p.entries()
  expect(beside()).toEqual(entry?.manifest)
})

test('one who dies in the midst of a file that another is writing leaves nothing of it', async () => {
  await using p = await pending()
  const disturbed = once('archive:begun', async () => {
    await p.archive(once('archive:begun', () => Promise.reject(new AppError('TM6201', 'the network'))))
  })
  expect(await p.archive(disturbed)).toMatchObject([{ error: null, entry: { state: 'archived' } }])
  expect(readdirSync(join(p.s.w.dir, 'archive', flow.id)).toSorted()).toEqual([`${p.id}.json`, `${p.id}.parquet`])
})

test.skipIf(process.platform !== 'linux')('while the source is read nobody is kept from the hot side', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  const plain = snapshotFlow()
  await s.take(plain)
  const file = hotPath({ folder: s.folder } as HotPlace, plain.id)
  const open = (): readonly string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === file ? [fd] : []
      } catch {
        return [] // the folder's own
      }
    })
  const seen: Partial<Record<Failpoint, number>> = {}
  await s.run(plain, { full: true, hit: (point) => void (seen[point] ??= open().length) })
  expect(seen).toMatchObject({ 'snapshot:image': 0, 'snapshot:built': 1 })
})
