import type { EngineEvent } from '@tidemark/contract/events'
import { parseFlowId, parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { PLAIN } from '../print/style.ts'
import { textWidth } from '../print/width.ts'
import { bar } from './bar.ts'
import { Bars } from './bars.ts'
import { eventText } from './event-text.ts'
import { LiveRegion } from './live-region.ts'
import { LogLines } from './log-lines.ts'
import { noticeOf } from './notices.ts'
import { RunTracker } from './run-tracker.ts'

const run = parseRunId('r-7k3f1')
const flow = parseFlowId('referrals.attachments')
const notice = (e: EngineEvent): string | null =>
  noticeOf(e, { now: Temporal.Instant.from('2026-11-20T22:00:00Z'), zone: 'UTC' })

const text = (e: EngineEvent): string =>
  eventText(e, { now: Temporal.Instant.from('2026-11-20T22:00:00Z'), zone: 'UTC' })

const planned: EngineEvent = {
  event: 'run:planned',
  run,
  flow,
  scope: '{}',
  resumed: false,
  lane: 'pushdown',
  after: null,
  upTo: '2026-11-20',
  decidedBy: null,
}
const captured = (batches: number, done = 0): EngineEvent => ({
  event: 'run:captured',
  run,
  flow,
  scope: '{}',
  rows: 48_200n,
  batches,
  done,
})
const step = (name: string): EngineEvent => ({ event: 'step:started', run, flow, scope: '{}', step: name, batches: 97 })
const committed = (name: string, batch: number): EngineEvent => ({
  event: 'batch:committed',
  run,
  flow,
  scope: '{}',
  step: name,
  batch,
  rows: 500n,
  bytes: 35_000_000n,
  alreadyIn: false,
  durationMs: 20,
})
const retried: EngineEvent = {
  event: 'batch:retry',
  run,
  flow,
  scope: '{}',
  batch: 3,
  attempt: 2,
  code: 'TM5003',
  message: 'conflict',
}
const ended: EngineEvent = {
  event: 'run:ended',
  run,
  flow,
  scope: '{}',
  status: 'succeeded',
  reason: null,
  inserted: 1n,
  updated: 0n,
  skipped: 0n,
  durationMs: 4200,
  code: null,
  message: null,
  remedy: [],
}

/** What a person sees: the terminal's lines after everything that was written. */
function screenOf(written: string): readonly string[] {
  const lines: string[] = ['']
  let row = 0
  for (const [token, moves] of [
    ...written.matchAll(/\p{Cc}\[(\d+)A|\p{Cc}\[\?25[lh]|\p{Cc}\[[KJ]|\r|\n|\P{Cc}+/gu),
  ].map((m) => [m[0], m[1]] as const)) {
    if (moves !== undefined) row -= Number(moves)
    else if (token === '\n') lines[(row += 1)] ??= ''
    else if (token === '\u001B[J') lines.splice(row, lines.length, '')
    else if (!token.startsWith('\u001B') && token !== '\r') lines[row] = token
  }
  return lines
}

function watched(columns = 120): { bars: Bars; screen: () => readonly string[]; raw: () => string } {
  let written = ''
  const region = new LiveRegion({ write: (text) => (written += text) })
  return {
    bars: new Bars(new RunTracker(), region, () => columns, PLAIN, notice),
    screen: () => screenOf(written),
    raw: () => written,
  }
}

test('a bar is as wide as it says, to an eighth of a column', () => {
  expect([bar(0, 4), bar(0.5, 4), bar(0.45, 4), bar(1, 4), bar(7, 4)]).toEqual(['    ', '██  ', '█▊  ', '████', '████'])
})

test('a terminal shows steps done, part, batches, rows, rate, bytes and time left', () => {
  const { bars, screen } = watched()
  for (const e of [planned, captured(97), step('roots'), committed('roots', 1), step('children')]) bars.handle(e, 0)
  for (let i = 2; i <= 43; i += 1) bars.handle(committed('children', i), i * 100)
  bars.tick(4_300)
  const [head, line] = screen()
  expect(head).toBe('referrals.attachments   run r-7k3f1   roots ✓ 500')
  expect(line).toMatch(
    /^children +█+.? +44 % {3}43\/97 batches {3}21 500 rows {3}5 k\/s {3}1\.4 GiB {3}about 5 s left$/,
  )
})

test.each([30, 50, 80, 100, 160])('no line of progress is wider than a terminal of %i columns', (columns) => {
  const { bars, screen } = watched(columns)
  for (const e of [planned, captured(97), step('roots'), committed('roots', 1), step('children')]) bars.handle(e, 0)
  for (let i = 2; i <= 43; i += 1) bars.handle(committed('children', i), i * 100)
  bars.tick(4_300)
  for (const line of screen()) expect(textWidth(line)).toBeLessThan(columns)
})

test('two runs at once have a bar each, and one that ended is counted', () => {
  const { bars, screen } = watched()
  const other = { run: parseRunId('r-2b9x4'), flow: parseFlowId('orders.lines') }
  const both = (e: EngineEvent, ms: number): void => {
    bars.handle(e, ms)
    bars.handle({ ...e, ...other } as EngineEvent, ms)
  }
  for (const e of [planned, captured(10), step('rows')]) both(e, 0)
  for (let i = 1; i <= 5; i += 1) bars.handle(committed('rows', i), i * 100)
  bars.handle({ ...committed('rows', 1), ...other } as EngineEvent, 600)
  bars.tick(600)
  expect(screen()).toHaveLength(3)
  expect(screen()[0]).toMatch(/^referrals\.attachments .* 50 % {3}5\/10 batches/)
  expect(screen()[1]).toMatch(/^orders\.lines {12}.* 10 % {3}1\/10 batches/)
  bars.handle(ended, 700)
  bars.tick(800)
  expect(screen()[0]).toMatch(/^orders\.lines/)
  expect(screen()[1]).toBe('1 run ended')
  bars.handle({ ...ended, ...other } as EngineEvent, 900)
  bars.tick(900)
  expect(screen().join('')).toBe('')
})

test('events alone draw nothing: a short run never flickers', () => {
  const { bars, raw } = watched()
  for (const e of [planned, captured(1), step('rows'), committed('rows', 1), ended]) bars.handle(e, 0)
  bars[Symbol.dispose]()
  expect(raw()).toBe('')
})

test('an unchanged frame is not written again, and the end leaves a clean screen and a cursor', () => {
  const { bars, screen, raw } = watched()
  bars.handle(planned, 0)
  bars.handle(captured(10), 0)
  bars.tick(100)
  const once = raw()
  bars.tick(200)
  expect(raw()).toBe(once)
  bars.handle(ended, 300)
  bars.tick(300)
  bars[Symbol.dispose]()
  bars[Symbol.dispose]()
  expect(screen().join('')).toBe('')
  expect(raw().split('\u001B[?25l')).toHaveLength(2)
  expect(raw().endsWith('\u001B[?25h')).toBe(true)
})

test('what is said during progress stays above the bars', () => {
  const { bars, screen } = watched()
  bars.handle(planned, 0)
  bars.handle(captured(10), 0)
  bars.tick(100)
  bars.handle(retried, 150)
  bars.tick(200)
  expect(screen()[0]).toBe('referrals.attachments   batch 3 is tried again (attempt 2): TM5003 conflict')
  expect(screen()[1]).toContain('  0 %')
})

test('a resumed run starts its bar where it stopped, and its rate counts this attempt', () => {
  const { bars, screen } = watched()
  bars.handle(planned, 0)
  bars.handle(captured(10, 5), 0)
  bars.handle(committed('rows', 6), 1_000)
  bars.handle(committed('rows', 7), 2_000)
  bars.tick(2_000)
  expect(screen()[0]).toContain('70 %   7/10 batches   1 000 rows   500/s')
  expect(screen()[0]).toContain('about 3 s left')
})

test('without a terminal there is a line at each turn and never a wall', () => {
  const lines: string[] = []
  const log = new LogLines(new RunTracker(), (line) => lines.push(line), text)
  for (const e of [planned, captured(1_000), step('children')]) log.handle(e, 0)
  for (let i = 1; i <= 1_000; i += 1) log.handle(committed('children', i), i * 20)
  log.handle(ended, 20_000)
  expect(lines[0]).toBe('referrals.attachments   run r-7k3f1 started   lane pushdown   everything up to 2026-11-20')
  expect(lines[1]).toBe('referrals.attachments   r-7k3f1   48 200 rows in 1 000 batches')
  expect(lines.at(-1)).toBe('referrals.attachments   r-7k3f1   succeeded after 4.2 s')
  expect(lines[3]).toBe('referrals.attachments   r-7k3f1   10 %   100/1 000 batches   50 000 rows   about 18 s left')
  expect(lines).toHaveLength(14)
})

test('a quick run of many batches logs its turns only', () => {
  const lines: string[] = []
  const log = new LogLines(new RunTracker(), (line) => lines.push(line), text)
  for (const e of [planned, captured(50), step('rows')]) log.handle(e, 0)
  for (let i = 1; i <= 50; i += 1) log.handle(committed('rows', i), i)
  log.handle(ended, 60)
  expect(lines).toHaveLength(4)
})

test('waiting is said with who holds it and until when', () => {
  expect(
    notice({ event: 'lease:waiting', flow, holder: 'ada on east, pid 51', until: '2026-11-20T22:01:30.000Z' }),
  ).toBe('referrals.attachments   waiting: held by ada on east, pid 51 until 22:01 unless renewed')
})
