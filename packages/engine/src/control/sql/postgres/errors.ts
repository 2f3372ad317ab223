import type { ErrorCode } from '@tidemark/contract/error-codes'
import { PostgresUrlError } from '../../../drivers/postgres-url.ts'
import { sqlState } from '../../../drivers/postgres.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { cannotOpen, isAboutTls, messageOf } from '../server/cannot-open.ts'
import { LostConnection } from '../server/lost-connection.ts'

/** By SQLSTATE (appendix A of PostgreSQL's manual), then by its class. What is not here is a defect: TM9001. */
const BY_STATE: Readonly<Record<string, ErrorCode>> = {
  '25006': 'TM3005', // read only
  '40001': 'TM3011',
  '40P01': 'TM3011',
  '42501': 'TM3005', // no right to
  '42P01': 'TM3005', // the schema is not what it should be: no table, column, function, schema
  '42703': 'TM3005',
  '42883': 'TM3005',
  '3F000': 'TM3005',
  '42P07': 'TM3005', // something else bears the name
  '42710': 'TM3005',
  '42723': 'TM3005',
  '53300': 'TM3011', // too many connections
  '55P03': 'TM3011', // a lock that was not to be had in time
  '57014': 'TM3011', // a statement that took too long, or was cancelled
}
const BY_CLASS: Readonly<Record<string, ErrorCode>> = {
  '08': 'TM2005',
  '28': 'TM3005', // not let in
  '3D': 'TM3005', // no such database
  '53': 'TM2004',
  '57': 'TM2005',
  '58': 'TM3005', // its disks
  XX: 'TM3005', // damaged
}

/** The server ends, or is not there yet: what was not committed can be done again on another connection. */
const LOST_STATES: ReadonlySet<string> = new Set(['25P03', '53300', '57P01', '57P02', '57P03', '57P05'])

export function isLost(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && (LOST_STATES.has(state) || state.startsWith('08'))
}

/** A server that starts, and will be there in a moment. */
export const isStarting = (error: unknown): boolean => sqlState(error) === '57P03'

/** Two transactions met, and the server chose this one to begin again. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '')

const BY_HAND = 'tidemark migrate --print-sql   prints the statements for somebody who may run them'

const REMEDIES: Readonly<Record<string, readonly string[]>> = {
  '28P01': ['mend the user or the password under control: in tidemark.yaml, or the variable that it refers to'],
  '28000': [
    'mend the user under control: in tidemark.yaml',
    'or let it in: pg_hba.conf of the server says who may come from where, and whether only with sslmode=require',
  ],
  '3D000': ['CREATE DATABASE, as somebody who may', 'or mend the name of the database under control: in tidemark.yaml'],
  '42501': [
    BY_HAND,
    'GRANT USAGE ON SCHEMA tidemark; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tidemark   to this user',
  ],
  '25006': ['mend the host under control: in tidemark.yaml: a standby, or a user made read-only, cannot hold a ledger'],
  ...Object.fromEntries(
    ['42P01', '42703', '42883', '3F000'].map((state) => [
      state,
      ['tidemark doctor   says what is missing', 'restore the schema tidemark from a backup'],
    ]),
  ),
  ...Object.fromEntries(
    ['42P07', '42710', '42723'].map((state) => [
      state,
      ['take another database, or rename what bears the name in the schema tidemark'],
    ]),
  ),
}
const UNTRUSTED: readonly string[] = [
  'sslrootcert=FILE   names the authority that signed the server’s certificate',
  'mend sslmode or the host: verify-full also compares the name of the host',
]

/** What went wrong with the store at `location`, in words of the registry. An AppError stays as it is. */
export function storeError(error: unknown, location: string): unknown {
  if (error instanceof AppError) return error
  const state = sqlState(error)
  const detail = `${location}: ${messageOf(error)}`
  const facts = { location, sqlstate: state ?? null }
  if (state === undefined)
    return error instanceof LostConnection ? new AppError('TM2005', detail, { cause: error, facts }) : error
  const code = BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 'TM9001'
  const remedy = REMEDIES[state]
  return new AppError(code, detail, { cause: error, facts, ...(remedy === undefined ? {} : { remedy }) })
}

/** The same for the first connection: whatever is wrong then, the store cannot be opened. */
export function openError(error: unknown, location: string): unknown {
  if (error instanceof PostgresUrlError) return new AppError('TM1011', `control: ${error.message}`, { cause: error })
  if (!(error instanceof LostConnection)) return storeError(error, location)
  return cannotOpen(error, location, isAboutTls(error.cause) ? UNTRUSTED : null)
}
