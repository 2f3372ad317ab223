/**
 * DuckDB's errors carry no code: the type that leads the message ("IO Error: …") is all there is. These are the
 * only lines of the project that read an error's message.
 */
import { AppError } from '../../runtime/app-error.ts'
import type { Fault } from '../contract.ts'

const READ_HERE = /is open for reading in this process/

const FAULTS: readonly (readonly [RegExp, Fault])[] = [
  [/^IO Error: Could not set lock on file/, 'held'],
  [READ_HERE, 'held'],
  [
    /No space left on device|File too large|disk is full|failed to offload data block|Could not write (?:file|all bytes)/i,
    'full',
  ],
  [/^Out of Memory Error/, 'full'],
  [
    /not a valid DuckDB database file|^Serialization Error|does not match stored checksum|Corrupt database|file is too small|Could not read enough bytes|^IO Error: Trying to read a database file with version/i,
    'corrupt',
  ],
  [/^IO Error: Cannot open (?:database|file)/, 'missing'],
  [/^IO Error: Could not (?:read|open)/, 'missing'],
  [/^TransactionContext Error: (?:Conflict|Failed to commit|Catalog write-write conflict)/, 'conflict'],
  [/^TransactionContext Error: .*write-write conflict/, 'conflict'],
  [/^INTERRUPT Error/, 'interrupted'],
  [/connection disconnected|Connection Error|database has been invalidated/i, 'lost'],
  [/^Constraint Error/, 'constraint'],
]

export function classify(error: unknown): Fault {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError && e.code === 'TM5003') return 'conflict'
    const message = e.message.replace(/^Failed to (?:query|execute|prepare|connect): /, '')
    for (const [pattern, fault] of FAULTS) if (pattern.test(message)) return fault
  }
  return 'permanent'
}

const DUPLICATE = /^Constraint Error: (?:Duplicate key|PRIMARY KEY or UNIQUE constraint)/

export const isDuplicate = (error: unknown): error is AppError =>
  error instanceof AppError && error.facts['duplicate'] === true

/** Errors about values quote them; these are about anything else. */
const QUOTES_NO_VALUE = /^(?:Binder|Catalog|Parser|IO|TransactionContext|INTERRUPT|Out of Memory|Connection) Error/

/** The error without what DuckDB said of a value: only its type, by which it is classified. */
function withoutValues(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  if (QUOTES_NO_VALUE.test(message)) return new Error(message.split('\n')[0] ?? '')
  const type = /^[A-Za-z ]+ Error/.exec(message)?.[0] ?? 'Error'
  return new Error(`${type}: its words are left out, for they may quote a value that the flow masks`)
}

/**
 * `where`: the file or statement this was about; `refused`: the code of a statement that failed for a reason of its
 * own; `discreet`: nothing that quotes a value is passed on.
 */
export function translate(
  given: unknown,
  where: string,
  refused: 'TM2008' | 'TM4019' | 'TM4037' | 'TM5001' = 'TM5001',
  discreet = false,
): Error {
  if (given instanceof AppError) return given
  const error = discreet ? withoutValues(given) : given
  const message = error instanceof Error ? (error.message.trim().split('\n\n')[0] ?? '') : String(error)
  const detail = `${where}: ${message}`
  switch (classify(error)) {
    case 'held':
      return new AppError('TM2002', `${where}${holderOf(message)}`, {
        cause: error,
        facts: { this_process: READ_HERE.test(message) },
      })
    case 'full':
      return new AppError('TM2004', detail, { cause: error })
    case 'corrupt':
      return new AppError('TM2003', detail, { cause: error })
    case 'missing':
      return new AppError('TM2001', detail, { cause: error })
    case 'lost':
      return new AppError('TM2005', detail, { cause: error })
    case 'busy':
    case 'conflict':
      return new AppError('TM5003', detail, { cause: error })
    case 'interrupted':
    case 'constraint':
    case 'permanent': {
      const facts = given instanceof Error && DUPLICATE.test(given.message) ? { duplicate: true } : {}
      return new AppError(refused, detail, { cause: error, facts })
    }
  }
}

function holderOf(message: string): string {
  const m = /\(PID (\d+)\)/.exec(message)
  if (m) return ` is open in process ${m[1]}`
  return message.includes('in this process')
    ? ' is read by another flow of this process'
    : ' is open in another process'
}
