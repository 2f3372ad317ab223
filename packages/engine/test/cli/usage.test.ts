import { ErrorDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { play } from '../support/fake-terminal.ts'
import { scriptedApp } from '../support/scripted-app.ts'

const WRONG: readonly (readonly [argv: string, says: string])[] = [
  ['run --batch-rows 0', '--batch-rows must be a whole number of at least 1, not "0"'],
  ['run --batch-rows -5', '--batch-rows must be a whole number of at least 1, not "-5"'],
  ['run --batch-rows 1.5', 'not "1.5"'],
  ['run --batch-rows 99999999999999999999', '--batch-rows'],
  ['run --parallel none', '--parallel'],
  ['run --wait 5', '--wait must be a duration'],
  ['run --buffer soon', '--buffer'],
  ['run --lane road', '--lane must be pushdown, relay or spool, not "road"'],
  ['run --scope east', '--scope must be NAME=VALUE, not "east"'],
  ['run --scope bu=N --scope bu=S', '--scope names bu twice'],
  ['run --after 5', '--after and --up-to belong together'],
  ['run --accept-change', '--accept-change needs --reason'],
  ['run orders.orders --all', '--all is every flow'],
  ['run orders.orders --module orders', 'name flows or a --module'],
  ['run --ful', 'did you mean --full?'],
  ['rum', 'did you mean run?'],
  ['show', "missing required argument 'run'"],
  ['show r-1 r-2', 'too many arguments'],
  ['rewind orders.orders --to 5', "required option '--reason <text>' not specified"],
  ['rewind orders.orders --to 5 --reason ', '--reason needs a value'],
  ['resume', 'name a run, or --last'],
  ['resume r-7k3f1 --last', 'name a run, or --last'],
  ['run --join r-7k3f1 orders.orders', 'leave out orders.orders'],
  ['run --join r-7k3f1 --full --batch-rows 5', 'leave out --full --batch-rows'],
  ['runs --limit 0', '--limit'],
  ['import blobdelta', "required option '--connection <connection>' not specified"],
  ['import blobdelta --connection office --database ', '--database needs a value'],
  ['retire --connection ', '--connection needs a value'],
  ['retire --connection office --reason ', '--reason needs a value'],
  ['schedule', 'for which scheduler? --sql-agent'],
  ['explain TM4170', 'did you mean TM4107'],
]

test.each(WRONG)('refused before anything is opened, exit 2: tidemark %s', async (argv, says) => {
  const { app } = scriptedApp()
  const played = await play(argv.split(' '), app)
  expect(played.exit).toBe(2)
  expect(played.out).toBe('')
  expect(played.err).toMatch(/^TM1002 usage: /)
  expect(played.err).toContain(says)
  expect(played.err).toContain('More: tidemark explain TM1002')
  expect(played.opened).toEqual([])
})

test('a usage error with --json is one error document on stdout', async () => {
  const played = await play(['run', '--nonsense', '--json'], scriptedApp().app)
  expect(ErrorDocument.parse(JSON.parse(played.out)).error.code).toBe('TM1002')
  expect([played.exit, played.err]).toEqual([2, ''])
})

test('--full and a period exclude each other with a code of their own', async () => {
  const played = await play(['run', '--full', '--after', '1', '--up-to', '2'], scriptedApp().app)
  expect([played.exit, played.err.slice(0, 6)]).toEqual([2, 'TM1019'])
})

test('no project here says how to make one', async () => {
  const played = await play(['status'], scriptedApp().app, { cwd: '/' })
  expect(played.exit).toBe(2)
  expect(played.err).toContain('TM1001 no project here')
  expect(played.err).toContain('tidemark init DIR')
})

test('help lists every command once, in its group', async () => {
  const { out, exit } = await play(['--help'], scriptedApp().app)
  expect(exit).toBe(0)
  const words = new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))
  for (const word of words) expect(out.match(new RegExp(`^  ${word}\\b`, 'gm'))).toHaveLength(1)
  expect([...out.matchAll(/^(Define|Run|Look|Operate):$/gm)].map((m) => m[1])).toEqual([
    'Define',
    'Run',
    'Look',
    'Operate',
  ])
})

test('without a command help is printed, and that is no error', async () => {
  const { out, exit } = await play([], scriptedApp().app)
  expect(exit).toBe(0)
  expect(out).toContain('Usage: tidemark')
})

test('every command loads and explains its options', async () => {
  for (const spec of COMMANDS) {
    expect(await spec.load()).toBeTypeOf('function')
    const { out } = await play([...spec.name.split(' '), '--help'], scriptedApp().app)
    for (const option of spec.options) expect(out).toContain(option.flags)
    expect(out).toContain('--json')
  }
})

test('run hands every option to the App as a typed value', async () => {
  const { app, calls } = scriptedApp()
  await play(
    'run orders.orders orders.customers --scope bu=N=1 --scope la=Gwent --fresh --buffer 0s --batch-rows 500 --parallel 3 --lane pushdown --wait 5m --accept-change --allow-deletes --reason because'.split(
      ' ',
    ),
    app,
  )
  expect(calls.find(([method]) => method === 'run')?.[1]).toEqual({
    flows: ['orders.orders', 'orders.customers'],
    all: false,
    module: null,
    scope: { bu: 'N=1', la: 'Gwent' },
    full: false,
    after: null,
    upTo: null,
    fresh: true,
    buffer: '0s',
    batchRows: 500,
    parallel: 3,
    lane: 'pushdown',
    dryRun: false,
    waitMs: 300_000,
    acceptChange: true,
    allowsDeletes: true,
    reason: 'because',
  })
  expect(calls.at(-1)).toEqual(['dispose'])
})

test('global options are understood before and after the command', async () => {
  for (const argv of [
    ['--json', 'status'],
    ['status', '--json'],
  ]) {
    expect(JSON.parse((await play(argv, scriptedApp().app)).out)).toEqual({ flows: [] })
  }
})

test('TIDEMARK_ACTOR names the actor, and the command line goes along', async () => {
  const played = await play(['status'], scriptedApp().app, { env: { TIDEMARK_ACTOR: 'ada' } })
  expect(played.opened[0]).toMatchObject({ actor: 'ada', command: 'tidemark status' })
})
