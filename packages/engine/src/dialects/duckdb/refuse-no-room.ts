/** A spool that cannot fit is refused before its first byte is written. */
import { statfsSync } from 'node:fs'
import { AppError } from '../../runtime/app-error.ts'

export interface FreeSpace {
  /** bytes that an ordinary user may still write there */
  (folder: string): bigint
}

const freeSpace: FreeSpace = (folder) => {
  const { bavail, bsize } = statfsSync(folder, { bigint: true })
  return bavail * bsize
}

/** Throws TM2004. */
export function refuseNoRoom(folder: string, need: bigint, free: FreeSpace = freeSpace): void {
  const left = free(folder)
  if (need > left)
    throw new AppError('TM2004', `${folder}: the spool needs about ${mebibytes(need)}, free are ${mebibytes(left)}`)
}

const mebibytes = (bytes: bigint): string => `${(bytes + 1_048_575n) / 1_048_576n} MiB`
