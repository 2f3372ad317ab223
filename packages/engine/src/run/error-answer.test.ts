import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import type { Fault } from '../dialects/contract.ts'
import { answerTo, DEFAULT_ATTEMPTS } from './error-answer.ts'

/** Nothing but what an answer depends on. */
const flow = (onError: FlowSpec['onError'] = [], onConflict: FlowSpec['onConflict'] = 'fail') =>
  ({ onError, onReject: { kind: 'fail' }, onConflict, shape: { kind: 'flat' } }) as unknown as FlowSpec

test('a conflict and a busy server are tried again without a policy, and nothing else is', () => {
  const answers: Readonly<Record<Fault, ErrorCode>> = {
    conflict: 'TM5003',
    busy: 'TM2013',
    lost: 'TM2005',
    held: 'TM2002',
    missing: 'TM2001',
    corrupt: 'TM2003',
    full: 'TM2004',
    interrupted: 'TM5001',
    constraint: 'TM5001',
    permanent: 'TM5001',
  }
  const again = Object.entries(answers).flatMap(([fault, code]) =>
    answerTo(flow(), 'rows', code, fault as Fault).do === 'retry' ? [fault] : [],
  )
  expect(again).toEqual(['conflict', 'busy'])
  expect(answerTo(flow(), 'rows', 'TM2013', 'busy')).toEqual({ do: 'retry', attempts: DEFAULT_ATTEMPTS })
  // the fence was lost, whatever the fault
  expect(answerTo(flow(), 'rows', 'TM5002', 'conflict')).toEqual({ do: 'fail' })
})

test('the row of a conflict is looked for where only the target could tell, also for a flow that fails for it', () => {
  const answer = (of: FlowSpec, fault: Fault) => answerTo(of, 'rows', 'TM5010', fault).do
  for (const onConflict of ['fail', 'quarantine', 'skip'] as const) {
    expect(answer(flow([], onConflict), 'constraint')).toBe('search')
    // the rows were named
    expect(answer(flow([], onConflict), 'permanent')).toBe('fail')
  }
  const quarantine = { code: 'TM5010', do: 'quarantine', step: null, attempts: null } as const
  expect(answer(flow([quarantine]), 'constraint')).toBe('search')
  expect(answer(flow([{ ...quarantine, do: 'fatal' }], 'skip'), 'constraint')).toBe('fail')
})
