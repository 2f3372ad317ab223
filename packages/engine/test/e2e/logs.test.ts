import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { type Answer, emptyProject, flatProject, PROJECT_YAML } from './project.ts'

type Line = Readonly<Record<string, unknown>>

/** Every line of stderr, each of which must be JSON. */
const linesOf = ({ err }: Pick<Answer, 'err'>): readonly Line[] =>
  err
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

const named = (lines: readonly Line[], event: string): readonly Line[] => lines.filter((l) => l['event'] === event)

test('--log-format json writes a run as JSON lines to stderr, and the answer to stdout as before', async () => {
  await using p = await flatProject(5)
  const argv = ['run', 'm.t', '--batch-rows', '2', '--log-format', 'json', '--log-level', 'debug']
  const answer = await p.child(argv).ended
  expect(answer).toMatchObject({ exit: 0, out: expect.stringContaining('5 rows') })
  const lines = linesOf(answer)
  const run = String(p.store('select id from run')[0]?.['id'])
  for (const line of lines.filter((l) => !String(l['event']).startsWith('command:')))
    expect(line).toMatchObject({ run, flow: 'm.t', scope: {}, level: expect.any(String), msg: expect.any(String) })
  // two workers: claims come between
  expect(lines.map((l) => l['event']).filter((event) => event !== 'batch:claimed')).toEqual([
    'command:note', // deployed
    'run:planned',
    'run:captured',
    'worker:joined', // the owner
    'step:started',
    'batch:committed',
    'batch:committed',
    'batch:committed',
    'watermark:advanced',
    'run:ended',
  ])
  expect(named(lines, 'run:captured')[0]).toMatchObject({ rows: 5, batches: 3, done: 0 })
  expect(named(lines, 'batch:claimed').map((l) => [l['batch'], l['attempt']])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ])
  expect(named(lines, 'batch:committed').map((l) => l['rows'])).toEqual(expect.arrayContaining([2, 2, 1]))
  expect(named(lines, 'run:ended')[0]).toMatchObject({ level: 'info', status: 'succeeded', inserted: 5, code: null })
})

test('with --json and JSON logs stdout is one document and stderr lines of JSON', async () => {
  await using p = await flatProject(5)
  const answer = await p.child(['run', '--all', '--json'], { TIDEMARK_LOG_FORMAT: 'json' }).ended
  expect(RunDocument.parse(JSON.parse(answer.out)).runs).toHaveLength(1)
  expect(named(linesOf(answer), 'run:ended')).toHaveLength(1)
  expect(named(linesOf(answer), 'batch:committed')).toEqual([])
})

test('a failed run and a refused command are JSON lines with their code, and nothing else is on stderr', async () => {
  await using p = await flatProject(3)
  await p.duckdb('data/a.duckdb', 'INSERT INTO src SELECT * FROM src')
  const failed = await p.child(['run', 'm.t', '--log-format', 'json'], { TIDEMARK_DEBUG: '1' }).ended
  expect(failed.exit).toBe(1)
  expect(named(linesOf(failed), 'run:ended')).toMatchObject([
    { level: 'error', code: 'TM4005', message: expect.stringContaining('TM4005'), remedy: expect.any(Array) },
  ])
  for (const argv of [['run', '--no-such'], ['run', 'm.x'], ['nonsense']]) {
    const refused = await p.cli([...argv, '--log-format=json'])
    expect(refused.exit).toBe(2)
    expect(linesOf(refused).at(-1)).toMatchObject({
      level: 'error',
      event: 'command:failed',
      code: expect.stringMatching(/^TM100[23]$/),
    })
  }
})

test('stopped by ^C, the log says so and how the run ended, line by line to the last', async () => {
  await using p = await flatProject(200)
  const child = p.child(['run', 'm.t', '--batch-rows', '1', '--log-format', 'json', '--log-level', 'debug'])
  await child.said('batch:committed')
  child.process.kill('SIGINT')
  const answer = await child.ended
  expect(answer.exit).toBe(130)
  const lines = linesOf(answer)
  expect(named(lines, 'command:note').at(-1)?.['msg']).toContain('Stopping after the batches in flight')
  expect(lines.at(-1)).toMatchObject({ event: 'run:ended', status: 'cancelled', level: 'warn' })
})

test('the log of several flows tells each line by its flow', async () => {
  await using p = await flatProject(3)
  p.write(
    'modules/n.yaml',
    p.read('modules/m.yaml').replace('module: m', 'module: n').replace('table: dst', 'table: other'),
  )
  const answer = await p.child(['run', '--all', '--log-format', 'json']).ended
  expect(answer.exit).toBe(0)
  expect(new Set(named(linesOf(answer), 'run:ended').map((l) => l['flow']))).toEqual(new Set(['m.t', 'n.t']))
})

test('a format or level that there is not is refused before anything is opened', async () => {
  await using p = await flatProject(1)
  for (const argv of [
    ['run', 'm.t', '--log-format', 'xml'],
    ['run', 'm.t', '--log-level', 'loud'],
  ])
    expect(await p.cli(argv)).toMatchObject({ exit: 2, err: expect.stringContaining('TM1002') })
  const env = { TIDEMARK_LOG_FORMAT: 'xml' }
  expect(await p.cli(['status'], { env })).toMatchObject({
    exit: 2,
    err: expect.stringContaining('TIDEMARK_LOG_FORMAT'),
  })
  expect(p.exists('.tidemark')).toBe(false)
})

test('pretty lines are what they were, a level changes how many, and a terminal has bars unless lines are asked for', async () => {
  await using p = await flatProject(3)
  const plain = await p.cli(['run', 'm.t'])
  expect(plain.err).toMatch(/^m\.t {3}run r-\w{5} started {3}lane pushdown/m)
  const pretty = await p.cli(['run', 'm.t', '--full', '--log-format', 'pretty'], { tty: true })
  expect(pretty.err).toMatch(/^m\.t {3}r-\w{5} {3}succeeded after /m)
  expect((await p.cli(['run', 'm.t', '--full'], { tty: true })).err).not.toContain('succeeded after')
  expect((await p.cli(['run', 'm.t', '--full', '--log-level', 'warn'])).err).toBe('')
  expect((await p.cli(['run', 'm.t', '--full', '--log-level', 'debug'])).err).toMatch(/batch 1 {3}3 rows in /)
})

test('pino is loaded for JSON logs, and for nothing else', async () => {
  await using p = await flatProject(1)
  p.write(
    'probe.cjs',
    `const { registerHooks } = require('node:module')
let loaded = false
registerHooks({ load: (url, context, next) => { loaded ||= url.includes('/pino/'); return next(url, context) } })
process.on('exit', () => require('node:fs').writeFileSync(process.env.PROBE, String(loaded)))`,
  )
  const loads = async (...argv: readonly string[]): Promise<string> => {
    const env = { NODE_OPTIONS: `--require=${p.path('probe.cjs')}`, PROBE: p.path('probe.txt') }
    expect(await p.child(argv, env).ended).toMatchObject({ exit: 0 })
    return p.read('probe.txt')
  }
  expect(await loads('run', 'm.t', '--log-format', 'json')).toBe('true')
  expect(await loads('run', 'm.t')).toBe('false')
})

test('a secret is in no line of a structured log', async () => {
  await using p = emptyProject({
    'tidemark.yaml': PROJECT_YAML.replace(
      'kind: duckdb, path: data/a',
      'kind: duckdb, password: hunter2, path: data/a',
    ),
    'modules/m.yaml': 'module: m\ntasks: []\n',
  })
  const answer = await p.cli(['run', '--all', '--log-format', 'json', '--log-level', 'debug'], {
    env: { TIDEMARK_DEBUG: '1' },
  })
  expect(linesOf(answer).at(-1)).toMatchObject({ event: 'command:failed', code: 'TM1015' })
  expect(answer.err + answer.out).not.toContain('hunter2')
})
