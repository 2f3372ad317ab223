import { expect, test } from 'vitest'
import type { App, DefinitionDifference } from '../../src/app/app.ts'
import { play } from '../support/fake-terminal.ts'
import { scriptedApp } from '../support/scripted-app.ts'

const added: DefinitionDifference = { subject: 'task orders.orders', kind: 'added', fields: [] }
const changed: DefinitionDifference = {
  subject: 'task orders.orders',
  kind: 'changed',
  fields: [{ path: 'capture.buffer', from: '4h', to: '15m' }],
}
const absent: DefinitionDifference = { subject: 'task orders.old', kind: 'absent', fields: [] }

const flow = {
  flow: 'orders.old',
  scope: {},
  active: true,
  last_run: null,
  watermark: null,
  lag_ms: null,
  complete_at: null,
  age_ms: null,
  held: null,
  state: '',
  holder: null,
  open_rejects: 0,
  unmatched: 0,
}

const differing = (
  undeployed: readonly DefinitionDifference[],
  editedByHand: readonly DefinitionDifference[] = [],
  flows = [flow],
): Partial<App> => ({
  compare: async () => ({ undeployed, editedByHand }),
  deploy: async () => ({ written: undeployed, kept: editedByHand }),
  status: async () => ({ flows }),
})

const asked = (calls: readonly (readonly unknown[])[]): readonly unknown[] => calls.map(([method]) => method)

test('the very first deploy is implied by a run, and said', async () => {
  const { app, calls } = scriptedApp(differing([added], [], []))
  const played = await play(['run', '--all'], app)
  expect(played.exit).toBe(0)
  expect(played.err).toContain('deployed task orders.orders\n')
  expect(asked(calls)).toEqual(['compare', 'status', 'deploy', 'run', 'dispose'])
})

test.each([
  ['plan', '--all'],
  ['run', '--all', '--dry-run'],
])('what promises to write nothing does not deploy by itself: tidemark %s %s %s', async (...argv) => {
  const { app, calls } = scriptedApp(differing([added], [], []))
  const played = await play(
    argv.filter((a) => a !== undefined),
    app,
  )
  expect([played.exit, played.out]).toEqual([2, ''])
  expect(played.err).toContain('TM1018')
  expect(asked(calls)).not.toContain('deploy')
})

test('a changed YAML without a terminal stops the run and names the fields', async () => {
  const { app, calls } = scriptedApp(differing([changed]))
  const played = await play(['run', '--all'], app)
  expect(played.exit).toBe(2)
  expect(played.err).toContain('TM1018 the YAML is not deployed: 1 difference: task orders.orders (capture.buffer)')
  expect(asked(calls)).not.toContain('run')
})

test.each(['--deploy', '--yes'])('%s takes a changed YAML without a question', async (flag) => {
  const { app, calls } = scriptedApp(differing([changed]))
  expect((await play(['run', '--all', flag], app)).exit).toBe(0)
  expect(asked(calls)).toEqual(['compare', 'deploy', 'run', 'dispose'])
})

test('a terminal shows the difference and asks; yes deploys and runs', async () => {
  const { app, calls } = scriptedApp(differing([changed]))
  const played = await play(['run', '--all', '--no-color'], app, { tty: true, typed: 'y\n' })
  expect(played.exit).toBe(0)
  expect(played.err).toContain(
    '~ task orders.orders   changed\n    capture.buffer   4h → 15m\nDeploy this and go on? [y/N] ',
  )
  expect(asked(calls)).toContain('deploy')
})

test.each(['n\n', '\n', ''])('an answer of %j to the question of a deploy is no', async (typed) => {
  const { app, calls } = scriptedApp(differing([changed]))
  const played = await play(['run', '--all'], app, { tty: true, typed })
  expect(played.exit).toBe(2)
  expect(asked(calls)).toEqual(['compare', 'dispose'])
})

test('with --json nobody is asked, terminal or not', async () => {
  const played = await play(['run', '--all', '--json'], scriptedApp(differing([changed])).app, {
    tty: true,
    typed: 'y\n',
  })
  expect(JSON.parse(played.out)).toMatchObject({ error: { code: 'TM1018' } })
})

test('what is absent from the YAML is no reason to ask, an edit by hand is said in one line', async () => {
  const { app, calls } = scriptedApp(differing([], [changed, absent]))
  const played = await play(['run', '--all'], app)
  expect(played.exit).toBe(0)
  expect(played.err).toContain(
    'Edited by hand in the control tables, and kept: task orders.orders (capture.buffer). tidemark deploy --overwrite',
  )
  expect(played.err).toContain('No longer in the YAML, and kept: task orders.old. ')
  expect(asked(calls)).not.toContain('deploy')
})

test('deploy shows what it wrote, what it kept, and what is absent', async () => {
  const { app } = scriptedApp(differing([added], [changed]))
  const { out } = await play(['deploy'], {
    ...app,
    deploy: async () => ({ written: [added], kept: [changed, absent] }),
  })
  expect(out).toContain(
    '+ task orders.orders   added\n- task orders.old   no longer in the YAML; deploy never deletes it\n',
  )
  expect(out.endsWith('deployed task orders.orders\n')).toBe(true)
})

test('deploy --dry-run says would, and asks nothing even with --overwrite', async () => {
  const { app, calls } = scriptedApp(differing([changed], [changed]))
  const { out, exit } = await play(['deploy', '--dry-run', '--overwrite'], app)
  expect(exit).toBe(0)
  expect(out).toContain('Would deploy task orders.orders. Nothing was written.')
  expect(calls.find(([method]) => method === 'deploy')?.[1]).toEqual({ path: null, dryRun: true, overwrite: true })
})

test('deploy --overwrite asks before it takes back an edit by hand', async () => {
  const { app, calls } = scriptedApp(differing([], [changed]))
  const refused = await play(['deploy', '--overwrite'], app)
  expect(refused.exit).toBe(2)
  expect(refused.err).toContain('TM1020 not confirmed')
  expect(asked(calls)).toEqual(['compare', 'dispose'])
  expect((await play(['deploy', '--overwrite', '--yes'], app)).exit).toBe(0)
})

const REWIND = ['rewind', 'orders.orders', '--to', '2026-11-19 00:00:00', '--reason', 'lost the tail']

test('rewind previews what comes again, asks, and records the reason', async () => {
  const { app, calls } = scriptedApp()
  const played = await play(REWIND, app, { tty: true, typed: 'yes\n', env: { NO_COLOR: '1' } })
  expect(played.exit).toBe(0)
  expect(played.err).toContain('delivers again   1 240 rows')
  expect(played.err).toContain('supersedes       r-7k3f1')
  expect(played.out).toContain(
    'rewound   orders.orders from 2026-11-20 09:14:02.113 to 2026-11-19 00:00:00 · 1 240 rows come again · r-7k3f1 superseded',
  )
  expect(calls.find(([method]) => method === 'rewind')?.[1]).toMatchObject({ reason: 'lost the tail', scope: {} })
})

test.each([{}, { tty: true, typed: 'n\n' }])('rewind that nobody confirms changes nothing: %j', async (wishes) => {
  const { app, calls } = scriptedApp()
  const played = await play(REWIND, app, wishes)
  expect(played.exit).toBe(2)
  expect(played.err).toContain('TM1020')
  expect(played.err).toContain('1 240 rows')
  expect(asked(calls)).toEqual(['previewRewind', 'dispose'])
})
