import type { ErrorCode } from '@tidemark/contract/error-codes'
import {
  CannotConnect,
  ConnectionLost,
  serverErrors,
  StatementCancelled,
  StatementTimedOut,
} from '../../../drivers/sqlserver.ts'
import { SqlServerUrlError } from '../../../drivers/sqlserver-url.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { cannotOpen, messageOf } from '../server/cannot-open.ts'
import { LostConnection } from '../server/lost-connection.ts'
import { MIGRATION_IS_LOCKED } from './schema.sql.ts'

/** All that the server said, of `sys.messages`; of what refuses a login too. */
function numbersOf(error: unknown): readonly number[] {
  if (error instanceof CannotConnect) return error.number === null ? [] : [error.number]
  return serverErrors(error).map(({ number }) => number)
}

/** The first names the cause. Undefined: not the server's. */
export const numberOf = (error: unknown): number | undefined => numbersOf(error)[0]

/** Two transactions met, and the server chose this one to begin again. */
const CONFLICTS: ReadonlySet<number> = new Set([
  1205, // deadlock
  1222, // a lock that was not to be had in time
  2601, // somebody inserted the row in between: the next attempt finds it
  2627,
  3960, // under SNAPSHOT: another changed the row
  3961, // under SNAPSHOT: another changed the table
])

/** The server, or the database, is about to be there: at a start, at a failover, at a change of size. */
const STARTING: ReadonlySet<number> = new Set([
  921, // not recovered yet
  922, // being recovered
  952, // changes its state
  983, // of a group: neither primary nor secondary yet
  17142, // paused
  18401, // being upgraded
  40613,
  42108, // wakes up
  42109,
  49918,
  49919,
  49920,
])

/** It goes, or its sessions do: what was not committed can be done again on another connection. */
const LOST: ReadonlySet<number> = new Set([
  ...STARTING,
  21, // a fatal error
  64, // the network
  233,
  596, // this session was ended
  976, // of a group: not to be reached at present
  3971, // the transaction cannot be gone on with
  4060, // while it is restored, or recovered behind a server that answers already
  4221,
  6005, // shutdown
  10053, // the network
  10054,
  10060,
  10928, // limits of the service: for a while
  10929,
  40197,
  40501,
])

const isAmong = (error: unknown, numbers: ReadonlySet<number>): boolean => numbersOf(error).some((n) => numbers.has(n))

export const isConflict = (error: unknown): boolean => isAmong(error, CONFLICTS)
export const isStarting = (error: unknown): boolean => isAmong(error, STARTING)
export const isLost = (error: unknown): boolean => error instanceof ConnectionLost || isAmong(error, LOST)

const BY_HAND = 'tidemark migrate --print-sql   prints the statements for somebody who may run them'
const DAMAGED: readonly string[] = [
  'tidemark doctor   says what is missing',
  'restore the schema tidemark from a backup',
]
const TAKEN: readonly string[] = ['take another database, or rename what bears the name in the schema tidemark']
const LOGIN: readonly string[] = [
  'mend the user or the password under control: in tidemark.yaml, or the variable that it refers to',
]
const NO_RIGHT: readonly string[] = [
  BY_HAND,
  'GRANT SELECT, INSERT, UPDATE, DELETE, VIEW DEFINITION ON SCHEMA::tidemark   to this user',
]
const READ_ONLY: readonly string[] = [
  'mend the host under control: in tidemark.yaml: a secondary, or a database that is read-only, cannot hold a ledger',
]
const FIREWALL: readonly string[] = ['let this machine through the firewall of the server']
const FOREIGN_TRIGGER: readonly string[] = [
  'DISABLE TRIGGER …   of those triggers on tables of the schema tidemark that are not its own: tidemark doctor names its own',
]
const TOO_LONG: readonly string[] = ['take shorter values for the scope: as JSON it has room for 700 characters']

/** By number. What is not here is a defect: TM9001. */
const BY_NUMBER: Readonly<Record<number, readonly [ErrorCode, (readonly string[])?]>> = {
  207: ['TM3005', DAMAGED], // no such column, table, function, index
  208: ['TM3005', DAMAGED],
  4121: ['TM3005', DAMAGED],
  229: ['TM3005', NO_RIGHT],
  230: ['TM3005', NO_RIGHT],
  262: ['TM3005', NO_RIGHT],
  297: ['TM3005', NO_RIGHT],
  916: ['TM3005', NO_RIGHT],
  1088: ['TM3005', NO_RIGHT],
  2760: ['TM3005', NO_RIGHT],
  15151: ['TM3005', NO_RIGHT],
  15247: ['TM3005', NO_RIGHT],
  1913: ['TM3005', TAKEN],
  2714: ['TM3005', TAKEN],
  334: ['TM3005', FOREIGN_TRIGGER],
  978: ['TM3005', READ_ONLY],
  3906: ['TM3005', READ_ONLY],
  2628: ['TM3005', TOO_LONG],
  8152: ['TM3005', TOO_LONG],
  4060: ['TM3005', ['CREATE DATABASE, as somebody who may', 'or mend its name under control: in tidemark.yaml']],
  4064: ['TM3005', LOGIN],
  911: ['TM3005'],
  927: ['TM3005'], // being restored, offline, without its files
  942: ['TM3005'],
  945: ['TM3005'],
  18461: ['TM3005'], // for one user alone
  18452: ['TM3005', LOGIN],
  18456: ['TM3005', LOGIN],
  18470: ['TM3005', LOGIN],
  18486: ['TM3005', LOGIN],
  18487: ['TM3005', LOGIN],
  18488: ['TM3005', LOGIN],
  40532: ['TM3005'],
  40615: ['TM3005', FIREWALL],
  40914: ['TM3005', FIREWALL],
  823: ['TM3005'], // its disks, or what is on them
  824: ['TM3005'],
  825: ['TM3005'],
  605: ['TM3005'],
  1101: ['TM2004'], // no room
  1105: ['TM2004'],
  3958: ['TM2004'],
  3966: ['TM2004'],
  3967: ['TM2004'],
  5149: ['TM2004'],
  9002: ['TM2004'],
  40544: ['TM2004'],
  701: ['TM3011'], // no memory for now, or no locks
  802: ['TM3011'],
  1204: ['TM3011'],
  8628: ['TM3011'],
  8645: ['TM3011'],
  8651: ['TM3011'],
  10928: ['TM3011'],
  10929: ['TM3011'],
  40501: ['TM3011'],
  [MIGRATION_IS_LOCKED]: ['TM3011'],
}

const UNTRUSTED: readonly string[] = [
  'ca=FILE   names the authority that signed the server’s certificate; server_name=NAME the name that it bears',
  'or mend tls: require and strict check the certificate, trust takes any, strict needs SQL Server 2022',
]

/** What went wrong with the store at `location`, in words of the registry. An AppError stays as it is. */
export function storeError(error: unknown, location: string): unknown {
  if (error instanceof AppError) return error
  const number = numberOf(error)
  const detail = `${location}: ${messageOf(error)}`
  const facts = { location, number: number ?? null }
  if (error instanceof StatementCancelled || error instanceof StatementTimedOut)
    return new AppError('TM3011', `${location}: a statement took too long`, { cause: error, facts })
  if (number === undefined)
    return error instanceof LostConnection || isLost(error)
      ? new AppError('TM2005', detail, { cause: error, facts })
      : error
  const [code, remedy] = BY_NUMBER[number] ?? byKind(error)
  return new AppError(code, detail, { cause: error, facts, ...(remedy === undefined ? {} : { remedy }) })
}

const byKind = (error: unknown): readonly [ErrorCode, (readonly string[])?] =>
  isConflict(error) ? ['TM3011'] : isLost(error) ? ['TM2005'] : ['TM9001']

/** The same for the first connection: whatever is wrong then, the store cannot be opened. */
export function openError(error: unknown, location: string): unknown {
  if (error instanceof SqlServerUrlError) return new AppError('TM1011', `control: ${error.message}`, { cause: error })
  if (!(error instanceof LostConnection)) return storeError(error, location)
  const { cause } = error
  const isAboutTls = cause instanceof CannotConnect && ['certificate', 'encryption'].includes(cause.problem)
  return cannotOpen(error, location, isAboutTls ? UNTRUSTED : null)
}
