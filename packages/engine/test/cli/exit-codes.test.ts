import { ErrorDocument, RunDocument, type RunJson } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-code.ts'
import { AppError, Cancelled } from '../../src/runtime/app-error.ts'
import { play } from '../support/fake-terminal.ts'
import { runDocument, runJson, scriptedApp } from '../support/scripted-app.ts'

const failed = (code: string): RunJson => runJson({ status: 'failed', error: { code, message: 'what went wrong' } })

test.each([
  [['succeeded', 'nothing_to_do', 'dry_run'], 0],
  [['succeeded', 'succeeded_with_rejects'], 4],
  [['succeeded_with_rejects', 'TM3001'], 3],
  [['TM3001', 'TM5001'], 1],
  [['TM5001', 'cancelled'], 130],
  [['cancelled', 'TM4107', 'TM5001'], 2],
  [['running'], 1],
  [['joined', 'nothing_to_do'], 0],
  [[], 0],
] as const)('of the runs %j the command exits with %i', (kinds, exit) => {
  const runs = kinds.map((kind) =>
    kind.startsWith('TM') ? failed(kind) : runJson({ status: kind as RunJson['status'] }),
  )
  expect(exitCodeOf(runDocument(...runs))).toBe(exit)
})

test('a failed run keeps the answer on stdout and says the error on stderr', async () => {
  const error = { code: 'TM4006', message: 'TM4006 rows without a position: 3 rows of orders' }
  const { app } = scriptedApp({
    run: async () => runDocument(runJson(), runJson({ flow: 'orders.bad', status: 'failed', error })),
  })
  const played = await play(['run', '--all'], app)
  expect(played.exit).toBe(1)
  expect(played.out).toContain('1 run succeeded · 1 run failed')
  expect(played.err).toContain('TM4006 rows without a position: 3 rows of orders\n  mend the rows')
  expect(played.err).not.toContain('TM4006 rows without a position: TM4006')
})

test('a failed run with --json is still one run document', async () => {
  const { app } = scriptedApp({ run: async () => runDocument(failed('TM5001')) })
  const played = await play(['run', '--all', '--json'], app)
  expect(played.exit).toBe(1)
  expect(RunDocument.parse(JSON.parse(played.out)).runs[0]?.error?.code).toBe('TM5001')
  expect(played.err).toContain('tidemark resume r-7k3f1')
})

test('an error of the App exits with its code and remedy, and the App is closed', async () => {
  const { app, calls } = scriptedApp({
    status: async () => {
      throw new AppError('TM3011', 'locked for 30 s')
    },
  })
  const text = await play(['status'], app)
  expect([text.exit, text.out]).toEqual([3, ''])
  expect(text.err).toBe('TM3011 control store is busy: locked for 30 s\n  try again\n  More: tidemark explain TM3011\n')
  expect(calls.at(-1)).toEqual(['dispose'])
  const json = await play(['status', '--json'], app)
  expect(ErrorDocument.parse(JSON.parse(json.out)).error.code).toBe('TM3011')
})

test('an unexpected error is TM9001 with its message, the stack only for who debugs', async () => {
  const { app } = scriptedApp({ status: () => Promise.reject(new RangeError('out of bounds')) })
  const plain = await play(['status'], app)
  expect(plain.exit).toBe(1)
  expect(plain.err).toContain('TM9001 unexpected error: out of bounds')
  expect(plain.err).not.toContain('    at ')
  const debug = await play(['status'], app, { env: { TIDEMARK_DEBUG: '1' } })
  expect(debug.err).toContain('caused by RangeError: out of bounds')
})

test('stopped before there was a run exits 130 and says so', async () => {
  const { app } = scriptedApp({ run: () => Promise.reject(new Cancelled('stop')) })
  const text = await play(['run', '--all'], app)
  expect([text.exit, text.err]).toEqual([130, 'cancelled\n'])
  const json = await play(['run', '--all', '--json'], app)
  expect(ErrorDocument.parse(JSON.parse(json.out)).error.code).toBe('cancelled')
})

test('a control character in a message does not reach the terminal', async () => {
  const { app } = scriptedApp({ status: () => Promise.reject(new Error('a\u001B[2Jb')) })
  expect((await play(['status'], app, { tty: true, env: { NO_COLOR: '1' } })).err).not.toContain('\u001B')
})
