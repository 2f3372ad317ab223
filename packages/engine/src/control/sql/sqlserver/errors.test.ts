import { expect, test } from 'vitest'
import { CannotConnect, ConnectionLost, StatementCancelled } from '../../../drivers/sqlserver.ts'
import { SqlServerUrlError } from '../../../drivers/sqlserver-url.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { LostConnection } from '../server/lost-connection.ts'
import { isConflict, isLost, isStarting, openError, storeError } from './errors.ts'

/** As the driver hands on what the server said. */
const said = (number: number, message = 'so it is'): Error => Object.assign(new Error(message), { number, class: 16 })
const both = (...errors: readonly Error[]) => new AggregateError(errors)
const codeOf = (error: unknown) => (error instanceof AppError ? error.code : 'none')

test.each([1205, 1222, 2601, 2627, 3960, 3961])('error %i begins the transaction again', (number) => {
  expect([isConflict(said(number)), isLost(said(number))]).toEqual([true, false])
  expect(codeOf(storeError(said(number), 'here'))).toBe('TM3011')
})

test.each([596, 6005, 40197, 40613, 10928, 40501, 4060])('error %i is waited for on another connection', (number) => {
  expect([isConflict(said(number)), isLost(said(number))]).toEqual([false, true])
})

test('a server that is about to be there is waited for at the opening, a wrong database is not', () => {
  expect([921, 18401, 40613].map((number) => isStarting(said(number)))).toEqual([true, true, true])
  expect([4060, 18456, 1205].map((number) => isStarting(said(number)))).toEqual([false, false, false])
})

test.each([
  [208, 'TM3005', 'tidemark doctor'],
  [229, 'TM3005', 'GRANT SELECT'],
  [262, 'TM3005', 'migrate --print-sql'],
  [334, 'TM3005', 'DISABLE TRIGGER'],
  [2714, 'TM3005', 'take another database'],
  [2628, 'TM3005', '700 characters'],
  [3906, 'TM3005', 'secondary'],
  [4060, 'TM3005', 'CREATE DATABASE'],
  [18456, 'TM3005', 'the user or the password'],
  [9002, 'TM2004', ''],
  [40501, 'TM3011', ''],
  [6005, 'TM2005', ''],
  [51222, 'TM3011', ''],
  [245, 'TM9001', ''],
] as const)('error %i of SQL Server is %s', (number, code, remedy) => {
  const error = storeError(said(number), 'host:1433/db')
  expect(error).toMatchObject({ code, facts: { location: 'host:1433/db', number } })
  expect((error as AppError).remedy.join('\n')).toContain(remedy)
})

test('of several errors of one statement the first one counts', () => {
  expect(isConflict(both(said(1205), said(3616)))).toBe(true)
  const error = both(said(2714, 'There is already an object named reject'), said(1750, 'Could not create constraint'))
  expect(storeError(error, 'here')).toMatchObject({ code: 'TM3005', facts: { number: 2714 } })
})

test('a login that was refused is told by its number, a server that did not answer by its address', () => {
  expect(openError(new CannotConnect('login', 'Login failed', 18456, null), 'here')).toMatchObject({
    code: 'TM3005',
    remedy: [expect.stringContaining('password')],
  })
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const lost = new LostConnection('no connection', { cause: new CannotConnect('network', 'refused', null, refused) })
  expect(openError(lost, 'here')).toMatchObject({
    code: 'TM3005',
    facts: { error: 'ECONNREFUSED' },
    remedy: [expect.stringContaining('host and port'), expect.any(String)],
  })
  const untrusted = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  const tls = new LostConnection('no connection', { cause: new CannotConnect('certificate', 'no', null, untrusted) })
  expect(openError(tls, 'here')).toMatchObject({ remedy: [expect.stringContaining('ca=FILE'), expect.any(String)] })
})

test('what the connection says, not the server, is told as what it is', () => {
  expect(codeOf(storeError(new LostConnection('gone'), 'here'))).toBe('TM2005')
  expect(codeOf(storeError(new ConnectionLost('gone'), 'here'))).toBe('TM2005')
  expect(isLost(new ConnectionLost('gone'))).toBe(true)
  expect(codeOf(storeError(new StatementCancelled('cancelled'), 'here'))).toBe('TM3011')
  expect(codeOf(openError(new SqlServerUrlError('it names no host'), 'control'))).toBe('TM1011')
  const defect = new TypeError('a defect')
  expect(storeError(defect, 'here')).toBe(defect)
})
