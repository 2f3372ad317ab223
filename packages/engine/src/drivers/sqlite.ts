/** The one file that imports node:sqlite: a connection, its prepared statements, and the result code of an error. */
import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type SqliteValue = string | number | bigint | null
/** Integers arrive as bigint: exact at any size. */
export type SqliteRow = Readonly<Record<string, string | number | bigint | null | Uint8Array>>

export interface SqliteDatabase {
  /** Runs one statement; `?1`, `?2` … are bound from `params` in order. Prepared once per text. */
  all(text: string, params: readonly SqliteValue[]): readonly SqliteRow[]
  /** Runs several statements without parameters. */
  script(text: string): void
  /** False also when SQLite itself rolled back, as it does on a full disk. */
  readonly inTransaction: boolean
  close(): void
}

/**
 * Files this process has open, by device and inode. Per process, because locks are: POSIX drops every lock a process
 * has on a file as soon as it closes any descriptor of that file, also one that was opened only to copy it. SQLite
 * before 3.51 could then remove the WAL under a connection that still uses it.
 */
const openHere = new Map<string, number>()

function fileOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev} ${found.ino}`
}

function count(file: string | null, by: 1 | -1): void {
  if (file === null) return
  const connections = (openHere.get(file) ?? 0) + by
  if (connections === 0) openHere.delete(file)
  else openHere.set(file, connections)
}

/** True: read this file through a connection, and in no other way. */
export const isOpenHere = (path: string): boolean => openHere.has(fileOf(path) ?? '')

/** Opens the file, or creates it. `busyMs`: how long one statement blocks this thread for another process's lock. */
export function openSqlite(path: string, busyMs: number): SqliteDatabase {
  const db = new DatabaseSync(path, { readBigInts: true, enableForeignKeyConstraints: true, timeout: busyMs })
  const file = path === ':memory:' ? null : fileOf(path)
  count(file, 1)
  const prepared = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const known = prepared.get(text)
    if (known !== undefined) return known
    const statement = db.prepare(text)
    prepared.set(text, statement)
    return statement
  }
  return {
    all: (text, params) => prepare(text).all(...params) as SqliteRow[],
    script: (text) => db.exec(text),
    get inTransaction() {
      return db.isTransaction
    },
    close: () => {
      prepared.clear()
      db.close()
      count(file, -1)
    },
  }
}

/** SQLite's extended result code of an error that came from here; its lowest byte is the primary code. */
export function sqliteResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}
