import { errorNumber, type SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { sql } from '../sql-text.ts'
import { translate } from './errors.ts'
import { query } from './run-sql.ts'

export interface ServerVersion {
  /** `16.0.4085.2` */
  readonly product: string
  /** 16 for 2022; of Azure SQL, which is always the newest, null */
  readonly major: number | null
  /** as people call it: `SQL Server 2022` */
  readonly name: string
  /** of the database that the session is in; OPENJSON needs 130 */
  readonly compatibility: number
}

const VERSION = sql`SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)),
  CAST(SERVERPROPERTY('EngineEdition') AS int),
  (SELECT CAST(d.compatibility_level AS int) FROM sys.databases AS d WHERE d.name = DB_NAME())`

const AZURE: ReadonlyMap<string, string> = new Map([
  ['5', 'Azure SQL Database'],
  ['8', 'Azure SQL Managed Instance'],
  ['12', 'SQL database in Microsoft Fabric'],
])
/** No transactions over tables, or no constraints: a fence there would hold nobody off. */
const WAREHOUSES: ReadonlyMap<string, string> = new Map([
  ['6', 'Azure Synapse Analytics'],
  ['11', 'Azure Synapse serverless'],
])
const YEARS: ReadonlyMap<number, string> = new Map([
  [11, '2012'],
  [12, '2014'],
  [13, '2016'],
  [14, '2017'],
  [15, '2019'],
  [16, '2022'],
  [17, '2025'],
])
const OLDEST = 13
const OLDEST_COMPATIBILITY = 130

export async function serverVersion(session: SqlServerSession, where: string): Promise<ServerVersion> {
  const [row] = await query(session, VERSION, where)
  const [product = null, edition = null, compatibility = null] = row ?? []
  const warehouse = WAREHOUSES.get(edition ?? '')
  if (warehouse !== undefined) throw new AppError('TM2001', `${where} is ${warehouse}, which has no fence to offer`)
  const azure = AZURE.get(edition ?? '')
  const major = Number(product?.split('.')[0])
  return {
    product: product ?? '?',
    major: azure === undefined ? major : null,
    name: azure ?? `SQL Server ${YEARS.get(major) ?? product}`,
    compatibility: Number(compatibility ?? 0),
  }
}

/** What came with 2016, and with the compatibility level of its databases: what a server is called says less. */
const OF_2016 = "SELECT 1 FROM OPENJSON(N'[]')"
const NO_SUCH_OBJECT = 208

/** Throws where the server, or what the database lets it be, is older than what we know. */
export async function knownVersion(session: SqlServerSession, where: string): Promise<ServerVersion> {
  const version = await serverVersion(session, where)
  try {
    await session.rows(OF_2016)
    return version
  } catch (error) {
    if (errorNumber(error) !== NO_SUCH_OBJECT) throw translate(error, where)
    throw tooOld(version, where)
  }
}

function tooOld({ name, major, compatibility }: ServerVersion, where: string): AppError {
  if (major !== null && !(major >= OLDEST))
    return new AppError('TM2001', `${where} is ${name}; this version of Tidemark knows 2016 and later`)
  return new AppError(
    'TM2001',
    `${where} has compatibility level ${compatibility}; Tidemark speaks that of SQL Server 2016, ${OLDEST_COMPATIBILITY}`,
    {
      remedy: [
        'connect to another database of the server, and name tables with three parts: database.schema.table',
        `or: ALTER DATABASE … SET COMPATIBILITY_LEVEL = ${OLDEST_COMPATIBILITY}`,
      ],
    },
  )
}
