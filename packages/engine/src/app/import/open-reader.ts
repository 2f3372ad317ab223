/** What an installation can be on, by the kind of its connection. */
import { AppError } from '../../runtime/app-error.ts'
import type { OpenBlobDelta } from './blob-delta-reader.ts'
import { openSqlServerReader } from './sqlserver-reader.ts'

const READERS: Readonly<Record<string, OpenBlobDelta>> = { sqlserver: openSqlServerReader }

export const openReader: OpenBlobDelta = async (connection, database, dir) => {
  const open = Object.hasOwn(READERS, connection.kind) ? READERS[connection.kind] : undefined
  if (open === undefined)
    throw new AppError(
      'TM1041',
      `connection ${connection.id} is of kind ${connection.kind}: an installation is on SQL Server`,
    )
  return await open(connection, database, dir)
}
