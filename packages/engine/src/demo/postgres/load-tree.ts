/** Puts a tree of files into the source, by COPY in its binary format: a file at a time is in memory. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { unitsOf } from '../business-units.ts'
import type { Tree, TreeEntry } from '../read-tree.ts'
import { COPY_END, COPY_START, copyRow, flag, text, timestamp } from './copy-binary.ts'

/** How many files could be listed but not read. */
export async function loadTree(session: PostgresSession, tree: Tree, signal: AbortSignal): Promise<number> {
  const loaded: TreeEntry[] = []
  let unreadable = 0
  async function* files(): AsyncGenerator<Buffer> {
    yield COPY_START
    for (const entry of tree.entries) {
      const content = entry.isDirectory ? null : await contentOf(path.join(tree.root, entry.locator))
      if (content === null && !entry.isDirectory) unreadable += 1
      else {
        loaded.push(entry)
        yield fileRow(entry, content)
      }
    }
    yield COPY_END
  }
  function* metadata(): Generator<Buffer> {
    const unitOf = unitsOf(tree.entries)
    yield COPY_START
    for (const { locator } of loaded) yield copyRow([keyOf(locator), text(unitOf(locator))])
    yield COPY_END
  }
  await session.begin()
  await pipeline(Readable.from(files()), session.copyIn('COPY files FROM STDIN (FORMAT binary)'), { signal })
  await pipeline(
    Readable.from(metadata()),
    session.copyIn('COPY metadata (stream_id, owning_business_unit) FROM STDIN (FORMAT binary)'),
    { signal },
  )
  await session.commit()
  await session.run('ANALYZE files')
  await session.run('ANALYZE metadata')
  return unreadable
}

const fileRow = (e: TreeEntry, content: Buffer | null): Buffer =>
  copyRow([
    keyOf(e.locator),
    text(e.name),
    text(e.locator),
    e.parent === null ? null : text(e.parent),
    flag(e.isDirectory),
    content,
    timestamp(e.created),
    timestamp(e.written),
  ])

/** As `streamId` says it in SQL. */
const keyOf = (locator: string): Buffer => createHash('md5').update(locator).digest()

/** null: it cannot be read any more, or never could. */
async function contentOf(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null
    throw error
  }
}
