/** The statements by which a moment is asked of SQL Server, as a file to be reviewed like code. */
import { expect, test } from 'vitest'
import * as activity from '../../src/dialects/sqlserver/activity.sql.ts'
import { asked } from '../../src/dialects/sqlserver/place.ts'
import * as standing from '../../src/dialects/sqlserver/standing.sql.ts'
import { printed } from '../../src/dialects/sqlserver/style.ts'
import type { Sql } from '../../src/dialects/sql-text.ts'

const ZONE = 'GMT Standard Time'

const STATEMENTS: Readonly<Record<string, Sql>> = {
  'the clock': activity.CLOCK,
  'open transactions': activity.openTransactions(ZONE),
  'open transactions, where the zone is not known': activity.openTransactions(null),
  'transactions in memory': activity.inMemoryTransactions(ZONE),
  'row versions': activity.rowVersions,
  'row versions of another database': asked({ server: null, database: 'other' }, activity.rowVersions),
  'a session of ours that only reads': activity.markAsReader,
  'what the server shows of itself': standing.STANDING,
  'the clock of a secondary': standing.secondaryClock(ZONE, false),
  'the clock of a secondary in Azure SQL Database': standing.secondaryClock(ZONE, true),
  'the clock of a snapshot': standing.snapshotClock(ZONE),
  'the zone of the machine': standing.ZONE_OF_MACHINE,
  'is it a zone': standing.knownZone(ZONE),
  'how rows are read': standing.isolationOf('shop'),
  'how files are written': standing.fileAccessOf('shop'),
  'how much was written': standing.WRITES,
}

test('golden T-SQL of a moment', async () => {
  const text = Object.entries(STATEMENTS)
    .map(([name, statement]) => `-- ${name}\n${printed(statement).trim()};\n`)
    .join('\n')
  await expect(text).toMatchFileSnapshot('./sqlserver/moment.sql')
})
