/** The control store as a file: copied, put back, deleted, with nobody holding it open. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openControlStore } from '../../src/control/open-control-store.ts'
import type { World } from './world.ts'

export async function withStoreClosed(w: World, work: (path: string) => void | Promise<void>): Promise<void> {
  const path = join(w.dir, 'control.db')
  await w.store[Symbol.asyncDispose]()
  await work(path)
  w.store = await openControlStore(`sqlite:${path}`, { projectDir: w.dir, readOnly: false })
}

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '.wal']) rmSync(path + suffix, { force: true })
}
