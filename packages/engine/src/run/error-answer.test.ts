import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import type { Fault } from '../dialects/contract.ts'
import { answerTo, DEFAULT_ATTEMPTS } from './error-answer.ts'

/** Nothing but what an answer depends on. */
const flow = (onError: FlowSpec['onError'] = []) =>
  ({ onError, onReject: { kind: 'fail' }, onConflict: 'fail', shape: { kind: 'flat' } }) as unknown as FlowSpec

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
