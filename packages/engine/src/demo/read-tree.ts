/** A directory tree as a list of rows, folders before what they hold. Contents are read later, by the database. */
import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'

export interface TreeEntry {
  /** relative to the root, parts joined by `/`: the locator */
  readonly locator: string
  readonly name: string
  /** null: directly below the root */
  readonly parent: string | null
  readonly isDirectory: boolean
  readonly bytes: number
  /** microseconds since 1970 */
  readonly created: bigint
  readonly written: bigint
}

export interface TreeLimits {
  /** a greater file is left out */
  readonly fileBytes: number
  /** of the whole tree: what comes after is left out */
  readonly files: number
  readonly bytes: number
}

/** So that the demo ends in time on two cores. */
export const DEMO_LIMITS: TreeLimits = { fileBytes: 8 * 1024 * 1024, files: 12_000, bytes: 300_000_000 }

/** Where counting the rest ends: the limit may stand before a whole disk. */
export const COUNTED_BEYOND = 100_000

export interface LeftOut {
  large: number
  links: number
  /** sockets, pipes, devices */
  special: number
  unreadable: number
  /** files beyond the limits of the whole tree */
  beyond: number
}

export interface Tree {
  readonly root: string
  readonly entries: readonly TreeEntry[]
  readonly leftOut: LeftOut
}

/** Reads the tree below `root`, symbolic links not followed. `except` is a folder to pass over: the demo's own. */
export async function readTree(
  root: string,
  limits: TreeLimits,
  except: string | null,
  signal: AbortSignal,
): Promise<Tree> {
  const entries: TreeEntry[] = []
  const leftOut: LeftOut = { large: 0, links: 0, special: 0, unreadable: 0, beyond: 0 }
  let files = 0
  let bytes = 0
  let reached = false // and stays so: a later file may fit, but the folders above it were left out

  const takeFile = (entry: TreeEntry): void => {
    if (entry.bytes > limits.fileBytes) leftOut.large += 1
    else if (reached || files >= limits.files || bytes + entry.bytes > limits.bytes) {
      reached = true
      leftOut.beyond += 1
    } else {
      files += 1
      bytes += entry.bytes
      entries.push(entry)
    }
  }

  const visit = async (folder: string | null): Promise<void> => {
    for (const child of await listFolder(root, folder, leftOut)) {
      signal.throwIfAborted()
      if (leftOut.beyond >= COUNTED_BEYOND) return
      if (child.isSymbolicLink()) leftOut.links += 1
      else if (!child.isFile() && !child.isDirectory()) leftOut.special += 1
      else {
        const locator = folder === null ? child.name : `${folder}/${child.name}`
        const full = path.join(root, locator)
        if (full === except) continue
        const stats = await statOf(full)
        if (stats === null) {
          leftOut.unreadable += 1
          continue
        }
        const entry = entryOf(locator, child, folder, stats)
        if (!entry.isDirectory) takeFile(entry)
        else {
          if (!reached) entries.push(entry)
          await visit(locator)
        }
      }
    }
  }
  await visit(null)
  return { root, entries, leftOut }
}

async function listFolder(root: string, folder: string | null, leftOut: LeftOut): Promise<readonly Dirent[]> {
  try {
    const children = await readdir(folder === null ? root : path.join(root, folder), { withFileTypes: true })
    return children.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (folder === null) throw error
    leftOut.unreadable += 1
    return []
  }
}

/** null: gone since it was listed, or its name is no text that leads back to it. */
async function statOf(full: string): Promise<BigIntStats | null> {
  try {
    return await lstat(full, { bigint: true })
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null
    throw error
  }
}

const entryOf = (locator: string, { name }: Dirent, parent: string | null, stats: BigIntStats): TreeEntry => ({
  locator,
  name,
  parent,
  isDirectory: stats.isDirectory(),
  bytes: stats.isDirectory() ? 0 : Number(stats.size),
  created: stats.birthtimeNs / 1000n,
  written: stats.mtimeNs / 1000n,
})
