/** SQL Server's errors by their number, never by their words. */
import {
  CannotConnect,
  ConnectionLost,
  type ServerError,
  serverErrors,
  StatementCancelled,
  StatementTimedOut,
} from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Fault } from '../contract.ts'

export type Refused = 'TM2008' | 'TM4019' | 'TM4037' | 'TM5001'

/** What is not here is permanent. https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors */
const NUMBERS: Readonly<Partial<Record<Fault, readonly number[]>>> = {
  conflict: [
    1205, // deadlock
    1222, // a lock that was not to be had in time
    3960, // a row that was read under a snapshot was changed by another
    3961, // its table was
    41301, // the same of tables in memory: a transaction that ours depends on failed
    41302, // a row was changed by another
    41305, // a row that was read was
    41325, // a row would not have been read
    41839, // too many transactions depend on one
  ],
  /** Mostly Azure SQL: the database moves, wakes up, or gives each of us a share. */
  busy: [
    701, // memory
    802, // memory
    952, // the database changes its state
    983, // its replica takes over or gives up
    1204, // locks
    8628, // time to make a plan
    8645, // memory for one statement, in time
    8651, // memory for one statement
    10928, // workers or sessions
    10929, // workers or sessions
    18401, // the server is being upgraded
    40197, // it moves
    40501, // too much at once
    40613, // it is not there just now
    42108, // it wakes up
    42109, // it wakes up
    49918, // too much at once
    49919, // too much at once
    49920, // too much at once
  ],
  lost: [
    21, // a fatal error
    64, // the network
    233, // nobody at the other end
    596, // KILL
    3971, // the transaction cannot be gone on with
    6005, // SHUTDOWN
    10053, // the network
    10054, // the network
    10060, // the network
    17142, // the server pauses
    40549, // Azure ended the session: too long a transaction
    40550, // too many locks
    40551, // too much of tempdb
    40552, // too much of the log
    40553, // too much memory
  ],
  missing: [
    911, // no such database
    916, // a database that we may not enter
    927, // being restored
    942, // offline
    945, // its files are not there
    976, // a copy that is not to be read
    978, // a copy that is read with ApplicationIntent alone
    4060, // no such database, or none that we may enter
    4064, // the default one
    18452, // a domain that is not trusted
    18456, // login
    18461, // one user alone
    18470, // a login that is switched off
    18486, // locked
    18487, // expired
    18488, // expired
    40532, // Azure knows no such server
    40615, // its firewall
    40914, // its firewall
  ],
  corrupt: [605, 823, 824, 825],
  full: [
    1101, // a file group
    1105, // a file group
    3958, // versions of rows
    3966, // versions of rows
    3967, // versions of rows
    5149, // the disk
    9002, // the log
    40544, // the size that was paid for
  ],
  interrupted: [
    -2, // as other clients call a statement that took too long
    3617, // attention
  ],
  /** of one row's values */
  constraint: [
    220, // overflow
    232, // overflow
    241, // text that is no time
    242, // a time out of range
    245, // text that is no number
    295, // text that is no small time
    511, // a row too long for its page
    515, // NULL
    547, // a foreign key or check
    1946, // a key too long for its index
    2601, // a unique index
    2627, // a key
    2628, // truncation
    3609, // a trigger ended the transaction
    3616, // an error inside a trigger did
    8114, // text that is no such value
    8115, // overflow
    8152, // truncation
    8169, // text that is no uuid
    9420, // no XML
  ],
}

const BY_NUMBER: ReadonlyMap<number, Fault> = new Map(
  Object.entries(NUMBERS).flatMap(([fault, numbers]) => numbers.map((n): [number, Fault] => [n, fault as Fault])),
)
/** from here on they are those of THROW and RAISERROR: a trigger of the target that refuses a row */
const OWN_RULES = 50_000

/** severity from which on the server ends the connection */
const ENDS_CONNECTION = 20

/** Of an error by its number and severity alone. */
export function faultOf({ number, severity }: Pick<ServerError, 'number' | 'severity'>): Fault {
  const known = BY_NUMBER.get(number)
  if (known !== undefined) return known
  if (severity >= ENDS_CONNECTION) return 'lost'
  return number >= OWN_RULES ? 'constraint' : 'permanent'
}

/** Of several errors of a statement, the one that says most: the first that is known, else the first. */
const tellingOf = (all: readonly ServerError[]): ServerError | undefined =>
  all.find(({ number }) => BY_NUMBER.has(number)) ?? all[0]

export function classify(error: unknown): Fault {
  let number: unknown
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError) number ??= e.facts['number']
    if (e instanceof AppError && e.code === 'TM5003') return 'conflict'
    if (e instanceof CannotConnect) return e.number !== null && BY_NUMBER.get(e.number) === 'busy' ? 'busy' : 'missing'
    if (e instanceof ConnectionLost) return 'lost'
    if (e instanceof StatementCancelled || e instanceof StatementTimedOut) return 'interrupted'
    const said = tellingOf(serverErrors(e))
    if (said !== undefined) return faultOf(said)
  }
  // of an error whose words are left out its number is all there is
  return typeof number === 'number' ? faultOf({ number, severity: 0 }) : 'permanent'
}

/** Of `constraint` and `permanent`, those whose words name columns, constraints and objects, and never a value. */
const NAME_OBJECTS: readonly number[] = [
  207, 208, 213, 229, 230, 262, 297, 300, 334, 515, 544, 547, 1785, 1934, 2714, 3701, 3726, 3902, 3903, 3930, 3952,
  4104, 4902, 4924, 5074, 8101, 8102, 8144, 15151, 33446, 33447,
]
const QUOTES_NO_VALUE: ReadonlySet<number> = new Set(
  Object.entries(NUMBERS)
    .flatMap(([fault, numbers]) => (fault === 'constraint' ? [] : numbers))
    .concat(NAME_OBJECTS),
)

function wordsOf(error: unknown, said: ServerError | undefined, discreet: boolean): string {
  if (said === undefined) return error instanceof Error ? error.message : String(error)
  if (!discreet || QUOTES_NO_VALUE.has(said.number)) return said.message
  return `error ${said.number}, state ${said.state}: its words are left out, for they may quote a value that the flow masks`
}

const TRUST = 'name the authority of its certificate: tls: { ca: file:PATH }'
const REMEDIES: Readonly<Record<CannotConnect['problem'], readonly string[]>> = {
  certificate: [TRUST, 'or take whoever answers, on a network that you trust: tls: { mode: trust }'],
  encryption: ['agree on it: tls: { mode: strict | require | trust | disable }'],
  login: [],
  time: [],
  network: [],
}

const BY_LOCKS: readonly string[] = [
  'where a statement is your own, read the table WITH (READCOMMITTEDLOCK)',
  'else name the FileTable itself, and no view of it: then its rows are read by locks',
]
/** what a person may do about a statement that failed for a reason of its own */
const REMEDIES_BY_NUMBER: ReadonlyMap<number, readonly string[]> = new Map([
  [33447, BY_LOCKS], // a file that anybody may write has no versions
])

/**
 * `where`: the database or statement this was about; `refused`: the code of a statement that failed for a reason of its
 * own; `discreet`: nothing that quotes a value is passed on.
 */
export function translate(error: unknown, where: string, refused: Refused = 'TM5001', discreet = false): Error {
  if (error instanceof AppError) return error
  const said = tellingOf(serverErrors(error))
  const detail = `${where}: ${wordsOf(error, said, discreet)}`
  // a cause is printed with its stack by whoever looks for it, values and all
  const cause = discreet && said !== undefined ? new Error(detail) : error
  const number = said?.number ?? (error instanceof CannotConnect ? error.number : null)
  const facts = number === null ? {} : { number }
  const options = { cause, facts }
  switch (classify(error)) {
    case 'full':
      return new AppError('TM2004', detail, options)
    case 'corrupt':
      return new AppError('TM2003', detail, options)
    case 'missing': {
      const remedy = error instanceof CannotConnect ? REMEDIES[error.problem] : []
      return new AppError('TM2001', detail, remedy.length === 0 ? options : { ...options, remedy })
    }
    case 'lost':
      return new AppError('TM2005', detail, options)
    case 'busy':
      return new AppError('TM2013', detail, options)
    case 'conflict':
      return new AppError('TM5003', detail, options)
    case 'held':
    case 'interrupted':
    case 'constraint':
    case 'permanent': {
      const remedy = number === null ? undefined : REMEDIES_BY_NUMBER.get(number)
      return new AppError(refused, detail, remedy === undefined ? options : { ...options, remedy })
    }
  }
}
