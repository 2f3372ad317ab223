import {
  type EngineEvent,
  type EngineEvents,
  EVENTS,
  type EventName,
  LOG_LEVELS,
  levelOf,
} from '@tidemark/contract/events'
import { parseFlowId, parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { AppError } from '../../runtime/app-error.ts'
import { fakeIo } from '../../../test/support/fake-terminal.ts'
import { eventText } from './event-text.ts'
import { eventFields, JsonLog, snake } from './json-log.ts'

const about = { run: parseRunId('r-7k3f1'), flow: parseFlowId('orders.orders'), scope: '{"region":"north"}' }
const { flow } = about

/** One of each: an event that is added does not compile without its own. */
const ONE_OF_EACH: { readonly [K in EventName]: EngineEvents[K] } = {
  'lease:waiting': { flow, holder: 'ada', until: '2026-11-20T22:01:30.000Z' },
  'file:waiting': { flow, path: '/data/lake.duckdb', detail: 'is open in process 7' },
  'run:planned': { ...about, resumed: true, lane: 'pushdown', after: null, upTo: '2026', decidedBy: 'buffer' },
  'run:captured': { ...about, rows: 9_007_199_254_740_993n, batches: 3, done: 1 },
  'step:started': { ...about, step: 'rows', batches: 2 },
  'worker:joined': { ...about, worker: 'x7k2m9', token: 7n },
  'worker:waiting': { ...about, waitsFor: 'batches that others have: 2' },
  'worker:left': { ...about, worker: 'x7k2m9', batches: 3, rows: 12n },
  'batch:claimed': { ...about, step: 'rows', batch: 2, attempt: 1 },
  'batch:committed': { ...about, step: 'rows', batch: 2, rows: 5n, bytes: 90n, alreadyIn: false, durationMs: 12 },
  'batch:retry': { ...about, batch: 2, attempt: 1, code: 'TM5003', message: 'TM5003 conflict' },
  'lease:lost': { flow, token: 7n },
  'watermark:advanced': { ...about, from: null, to: '2026' },
  'run:remarked': { ...about, code: 'TM6204', message: 'TM6204 archive is pending: s-7k3f19qa', remedy: ['write it'] },
  'run:ended': {
    ...about,
    status: 'failed',
    reason: null,
    inserted: 5n,
    updated: 0n,
    skipped: 0n,
    durationMs: 40,
    code: 'TM5001',
    message: 'TM5001 a batch failed: why',
    remedy: ['mend it'],
  },
}
const events = Object.entries(ONE_OF_EACH).map(([event, fields]) => ({ event, ...fields }) as EngineEvent)

function logged(level: (typeof LOG_LEVELS)[number], play: (log: JsonLog) => void): readonly Record<string, unknown>[] {
  const fake = fakeIo()
  play(new JsonLog(fake.io, level))
  return fake
    .err()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test.each(events)('$event has a level, one line of text, and the fields that are promised, in snake_case', (e) => {
  const { event, run: _run, flow: _flow, scope: _scope, ...own } = eventFields(e)
  expect(event).toBe(e.event)
  expect(Object.keys(own).sort()).toEqual(Object.keys(EVENTS[e.event].fields).map(snake).sort())
  expect(Object.keys(own).filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
  expect(LOG_LEVELS).toContain(levelOf(e))
  expect(eventText(e, { now: Temporal.Instant.from('2026-11-20T22:00:00Z'), zone: 'UTC' })).toMatch(/^\S.*\S$/)
})

test('every line has level, time, event, run, flow, scope and msg, null where it is about none', () => {
  const lines = logged('debug', (log) => events.forEach((e) => log.event(e)))
  expect(lines.map((line) => line['event'])).toEqual(Object.keys(EVENTS))
  for (const line of lines) {
    expect(Object.keys(line)).toEqual(expect.arrayContaining(['level', 'time', 'event', 'run', 'flow', 'scope', 'msg']))
    expect(line['time']).toBe('2026-11-20T22:00:00.000Z')
  }
  expect(lines[0]).toMatchObject({ level: 'warn', run: null, flow: 'orders.orders', scope: null })
  expect(lines[4]).toMatchObject({ level: 'info', run: 'r-7k3f1', scope: { region: 'north' } })
})

test('a count is a number up to 2^53 and text beyond', () => {
  const [captured, committed] = logged('debug', (log) => {
    for (const e of events) if (e.event === 'run:captured' || e.event === 'batch:committed') log.event(e)
  })
  expect(captured).toMatchObject({ rows: '9007199254740993' })
  expect(committed).toMatchObject({ rows: 5, bytes: 90, already_in: false, duration_ms: 12 })
})

test('a level leaves out what is less', () => {
  const at = (level: (typeof LOG_LEVELS)[number]) =>
    logged(level, (log) => events.forEach((e) => log.event(e))).map((line) => line['event'])
  const details = ['worker:joined', 'batch:claimed', 'batch:committed']
  expect(at('info')).toEqual(Object.keys(EVENTS).filter((name) => !details.includes(name)))
  expect(at('error')).toEqual(['lease:lost', 'run:ended'])
})

test('how a run ended decides its level', () => {
  const level = (status: string) => levelOf({ event: 'run:ended', ...ONE_OF_EACH['run:ended'], status })
  expect(['succeeded', 'nothing_to_do', 'skipped', 'cancelled', 'failed'].map(level)).toEqual([
    'info',
    'info',
    'warn',
    'warn',
    'error',
  ])
})

test('errors and remarks of the command are lines too', () => {
  const lines = logged('info', (log) => {
    log.note('deployed 2 flows\n')
    log.failed(new AppError('TM1002', 'which flow?'), null)
  })
  expect(lines).toMatchObject([
    { level: 'info', event: 'command:note', msg: 'deployed 2 flows' },
    { level: 'error', event: 'command:failed', code: 'TM1002', msg: 'TM1002 usage: which flow?' },
  ])
})
