/**
 * A folder's replacement. One commit in `.tidemark/target.duckdb` says which file is the table from now on and which
 * files it replaces; then the folder is brought to that, by two renames, and again by whoever opens it after a crash.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import { exec, query } from '../duckdb/run-sql.ts'
import { isConflict } from '../duckdb/at-once.ts'
import { deleteSwap, listSwaps, listSwapTable } from './folder.sql.ts'

export interface FolderSwap {
  readonly folder: string
  /** holds the new file alone */
  readonly fresh: string
  /** where the folder is until its replaced files are removed */
  readonly old: string
  /** names of the files that go */
  readonly replaced: readonly string[]
}

export const swapsOf = (own: string, table: string): string => join(own, 'swap', table)

export const swapIn = (
  own: string,
  root: string,
  table: string,
  run: string,
  replaced: readonly string[],
): FolderSwap => ({
  folder: join(root, table),
  fresh: join(swapsOf(own, table), run),
  old: join(swapsOf(own, table), `${run}.old`),
  replaced,
})

/** On disk for good: what is removed afterwards is in nobody's way any more. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Does what is left to do, wherever an earlier attempt stopped. Files that the swap does not know stay in the folder. */
export function bringIn({ folder, fresh, old, replaced }: FolderSwap): void {
  const gone = new Set(replaced)
  if (existsSync(fresh)) {
    mkdirSync(dirname(folder), { recursive: true })
    if (existsSync(folder) && existsSync(old)) {
      // somebody made it anew between the two renames
      const theirs = readdirSync(folder)
      const known = theirs.find((name) => gone.has(name))
      if (known !== undefined) throw new Error(`${known} is in it, though ${old} is where it would be`)
      for (const name of theirs) renameSync(join(folder, name), join(fresh, name))
      rmdirSync(folder)
    } else if (existsSync(folder)) renameSync(folder, old)
    renameSync(fresh, folder)
    syncPath(dirname(folder))
    syncPath(dirname(fresh))
  }
  if (!existsSync(old)) return
  for (const name of readdirSync(old)) if (!gone.has(name)) renameSync(join(old, name), join(folder, name))
  syncPath(folder)
  rmSync(old, { recursive: true })
}

/** Every swap that is committed and not yet seen in its folder. */
export async function finishSwaps(session: DuckdbSession, catalog: string, own: string, root: string): Promise<void> {
  const [there] = await query(session, listSwapTable(catalog), root)
  if (!there) return
  for (const [table = null, run = null, replaced] of await query(session, listSwaps(catalog), root)) {
    if (table === null || run === null) continue
    const swap = swapIn(own, root, table, run, JSON.parse(replaced ?? '[]') as string[])
    try {
      bringIn(swap)
    } catch (error) {
      throw new AppError(
        'TM2011',
        `${swap.folder}: its replacement by run ${run} is committed and lies in ${swap.fresh}, but cannot be moved in: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
    try {
      await exec(session, deleteSwap(catalog, table, run), root)
    } catch (error) {
      // another bench of this process saw it too, and forgets it
      if (!isConflict(error)) throw error
    }
  }
}
