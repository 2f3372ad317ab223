import type { ErrorCode } from '@tidemark/contract/error-codes'
import { sqliteResultCode } from '../../../drivers/sqlite.ts'
import { AppError } from '../../../runtime/app-error.ts'

/** By primary result code (https://sqlite.org/rescode.html), never by message. What is not here is a defect: TM9001. */
const BY_RESULT: Readonly<Record<number, ErrorCode>> = {
  3: 'TM3005', // PERM
  5: 'TM3011', // BUSY
  6: 'TM3011', // LOCKED
  8: 'TM3005', // READONLY
  10: 'TM3005', // IOERR
  11: 'TM3005', // CORRUPT
  13: 'TM2004', // FULL
  14: 'TM3005', // CANTOPEN
  15: 'TM3011', // PROTOCOL: too many at once on the WAL's locks
  23: 'TM3005', // AUTH
  26: 'TM3005', // NOTADB
}
/** IOERR_SHMSIZE: the disk has no room for the WAL's index. */
const BY_EXTENDED_RESULT: Readonly<Record<number, ErrorCode>> = { 4874: 'TM2004' }

/** The same for the files themselves, before SQLite sees them. */
const BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'TM2004',
  EDQUOT: 'TM2004',
  EACCES: 'TM3005',
  EPERM: 'TM3005',
  EROFS: 'TM3005',
  ENOTDIR: 'TM3005',
  EISDIR: 'TM3005',
  EEXIST: 'TM3005',
  EIO: 'TM3005',
  ENAMETOOLONG: 'TM3005',
  ELOOP: 'TM3005',
}

function codeOf(error: unknown): ErrorCode {
  const result = sqliteResultCode(error)
  if (result !== null) return BY_EXTENDED_RESULT[result] ?? BY_RESULT[result & 0xff] ?? 'TM9001'
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return BY_ERRNO[error.code] ?? 'TM9001'
  return 'TM9001'
}

/** Busy, locked: another process is at it, and will be done soon. */
export const isBusy = (error: unknown): boolean => sqliteResultCode(error) !== null && codeOf(error) === 'TM3011'

/** What went wrong with the store at `location`, in words of the registry. An AppError stays as it is. */
export function storeError(error: unknown, location: string): unknown {
  if (error instanceof AppError) return error
  const isNative = sqliteResultCode(error) !== null || (error instanceof Error && 'code' in error)
  if (!isNative) return error
  const message = error instanceof Error ? error.message : String(error)
  return new AppError(codeOf(error), `${location}: ${message}`, {
    cause: error,
    facts: { location, sqlite: sqliteResultCode(error) },
  })
}
