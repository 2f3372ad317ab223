/** How rows of a database are read without holding up who writes them, as far as the database allows it. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { ask, askingFor, askMaybe, NotShown } from './ask.ts'
import { fileAccessOf, isolationOf } from './standing.sql.ts'

/**
 * snapshot: a transaction reads everything as of one moment · versions: each statement as of its own, by READ COMMITTED
 * alone · locks: each row as it is when it is read, after whoever writes it
 */
export type ReadBy = 'snapshot' | 'versions' | 'locks'

export interface ReadIsolation {
  readonly by: ReadBy
  /** the contents of FileTables cannot be read by versions (error 33447): READCOMMITTEDLOCK is needed */
  readonly locksFiles: boolean
}

const ALLOWED = '1'
const BY_ANYBODY = '2'

/** `where`: the connection, for messages. A database that is not shown is read by locks, which any allows. */
export async function readIsolation(
  session: SqlServerSession,
  database: string,
  where: string,
): Promise<ReadIsolation> {
  const [row] = await ask(askingFor(session, where), isolationOf(database))
  const [snapshot, versions] = row ?? []
  return {
    by: snapshot === ALLOWED ? 'snapshot' : versions === '1' ? 'versions' : 'locks',
    locksFiles: await writesFilesFreely(session, database, where),
  }
}

/** May anybody write the files of that database, past its transactions? */
export async function writesFilesFreely(session: SqlServerSession, database: string, where: string): Promise<boolean> {
  const files = await askMaybe(askingFor(session, where), fileAccessOf(database))
  return !(files instanceof NotShown) && files[0]?.[0] === BY_ANYBODY
}

const STRICTNESS: readonly ReadBy[] = ['snapshot', 'versions', 'locks']

/** Of a statement that reads all of them: a snapshot has to be allowed by each. */
export const weakest = (all: readonly ReadIsolation[]): ReadIsolation => ({
  by: STRICTNESS.findLast((by) => all.some((x) => x.by === by)) ?? 'locks',
  locksFiles: all.some((x) => x.locksFiles),
})

/** For `plan`; null: a snapshot is taken, and there is nothing to say. */
export function isolationText(database: string, { by }: ReadIsolation): string | null {
  const remedy = `ALTER DATABASE [${database.replaceAll(']', ']]')}] SET ALLOW_SNAPSHOT_ISOLATION ON`
  switch (by) {
    case 'snapshot':
      return null
    case 'versions':
      return `${database} is read by READ_COMMITTED_SNAPSHOT, each statement as of its own beginning; as of one moment after ${remedy}`
    case 'locks':
      return `${database} allows neither SNAPSHOT nor READ_COMMITTED_SNAPSHOT: reading waits for whoever writes, and sees each row as it is then; as of one moment after ${remedy}`
  }
}
