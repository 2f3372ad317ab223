/** PostgreSQL's errors by their SQLSTATE, never by their words. */
import { CannotConnect, ConnectionLost, type ServerError, serverError } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Fault } from '../contract.ts'

export type Refused = 'TM2008' | 'TM4019' | 'TM4037' | 'TM5001'

const BY_STATE: Readonly<Record<string, Fault>> = {
  '25P03': 'lost', // idle in a transaction for too long
  '25P04': 'lost', // the transaction took too long
  '40001': 'conflict',
  '40P01': 'conflict',
  '53100': 'full',
  '53200': 'full',
  '53300': 'lost', // too many connections
  '53400': 'full', // a limit of temporary files
  '54023': 'permanent',
  '55P03': 'conflict', // a lock that was not to be had in time
  '57014': 'interrupted',
  '57P01': 'lost',
  '57P02': 'lost',
  '57P03': 'lost', // it starts, or shuts down
  '57P04': 'lost', // the database was dropped
  '57P05': 'lost',
  '3D000': 'missing',
}
const BY_CLASS: Readonly<Record<string, Fault>> = {
  '08': 'lost',
  '23': 'constraint',
  '28': 'missing',
  '40': 'conflict',
  XX: 'corrupt',
}

const faultOf = (state: string): Fault => BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 'permanent'

export function classify(error: unknown): Fault {
  let known: unknown
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError && e.code === 'TM5003') return 'conflict'
    if (e instanceof AppError) known ??= e.facts['sqlstate']
    if (e instanceof CannotConnect) return 'missing'
    if (e instanceof ConnectionLost) return 'lost'
    const state = serverError(e)?.state
    // XX000 is whatever nobody thought of
    if (state !== undefined && state !== 'XX000') return faultOf(state)
  }
  // of an error whose words are left out its state is all there is
  return typeof known === 'string' && known !== 'XX000' ? faultOf(known) : 'permanent'
}

/** Classes of errors that are about names, rights, connections and room, never about a value. */
const QUOTES_NO_VALUE = /^(?:08|25|28|3D|3F|40|42|53|54|55|57|58)/

function wordsOf(error: unknown, said: ServerError | undefined, discreet: boolean): string {
  if (said === undefined) return error instanceof Error ? error.message : String(error)
  if (!discreet) return said.detail === null ? said.message : `${said.message} (${said.detail})`
  if (QUOTES_NO_VALUE.test(said.state)) return said.message
  const about = [said.table, said.column, said.constraint].filter((x) => x !== null).join(', ')
  const of = about === '' ? '' : ` of ${about}`
  return `error ${said.state}${of}: its words are left out, for they may quote a value that the flow masks`
}

/**
 * `where`: the database or statement this was about; `refused`: the code of a statement that failed for a reason of its
 * own; `discreet`: nothing that quotes a value is passed on.
 */
export function translate(error: unknown, where: string, refused: Refused = 'TM5001', discreet = false): Error {
  if (error instanceof AppError) return error
  const said = serverError(error)
  const detail = `${where}: ${wordsOf(error, said, discreet)}`
  const fault = classify(error)
  // a cause is printed with its stack by whoever looks for it, values and all
  const cause = discreet && said !== undefined ? new Error(detail) : error
  const facts = said === undefined ? {} : { sqlstate: said.state }
  switch (fault) {
    case 'full':
      return new AppError('TM2004', detail, { cause, facts })
    case 'corrupt':
      return new AppError('TM2003', detail, { cause, facts })
    case 'missing':
      return new AppError('TM2001', detail, { cause, facts })
    case 'lost':
      return new AppError('TM2005', detail, { cause, facts })
    case 'busy':
    case 'conflict':
      return new AppError('TM5003', detail, { cause, facts })
    case 'held':
    case 'interrupted':
    case 'constraint':
    case 'permanent':
      return new AppError(refused, detail, { cause, facts })
  }
}
