import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { emptyProject, flatProject, type Project } from './project.ts'

const flowsIn = (p: Project) =>
  p.store('select module, id, is_active, transformation_config as how from task order by id').map((r) => ({
    id: `${String(r['module'])}.${String(r['id'])}`,
    active: r['is_active'] === 1n,
    how: JSON.parse(String(r['how'])) as Record<string, unknown>,
  }))

/** Another flow, at the end of the module: the same into another table. */
const addTask = (p: Project, id: string): void => {
  const text = p.read('modules/m.yaml')
  p.write(
    'modules/m.yaml',
    text + text.slice(text.indexOf('  - id: t')).replace('id: t', `id: ${id}`).replace('dst', id),
  )
}

test('the first run deploys by itself, and says what', async () => {
  await using p = await flatProject()
  const { err, exit } = await p.cli(['run', 'm.t'])
  expect(exit).toBe(0)
  expect(err).toMatch(/^deployed 2 connections, module m, task m\.t\n/)
  expect(flowsIn(p)).toMatchObject([{ id: 'm.t', active: true }])
  expect((await p.ok('deploy')).out).toBe('Nothing to change.\n')
})

test('what only the YAML changed stops run and plan without a terminal, naming each field, and nothing runs', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 15m')
  p.edit('modules/m.yaml', 'table: dst', 'table: other')
  for (const argv of [
    ['run', '--all'],
    ['plan', '--all'],
    ['run', '--all', '--dry-run'],
  ]) {
    const { exit, out, err } = await p.cli(argv)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain('TM1018 the YAML is not deployed: 1 difference: task m.t (target.table, capture.buffer)')
    expect(err).toContain('tidemark deploy   shows the difference and takes it')
  }
  expect(p.store('select id from run')).toHaveLength(1)
})

test('--deploy takes what the YAML changed, and runs with it', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.edit('modules/m.yaml', 'apply: latest', 'apply: insert-missing')
  const { exit, err } = await p.cli(['run', 'm.t', '--deploy'])
  expect(exit).toBe(0)
  expect(err).toContain('deployed task m.t')
  expect(flowsIn(p)[0]?.how['apply']).toBe('insert-missing')
})

test('on a terminal the difference is shown and asked about; no runs nothing', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 15m')
  const no = await p.cli(['run', 'm.t', '--no-color'], { tty: true, typed: 'n\n' })
  expect(no.exit).toBe(2)
  expect(no.err).toContain('~ task m.t   changed\n    capture.buffer   0s → 15m\nDeploy this and go on? [y/N] ')
  const yes = await p.cli(['run', 'm.t', '--no-color'], { tty: true, typed: 'y\n' })
  expect(yes.exit).toBe(0)
  expect(flowsIn(p)[0]?.how['capture']).toMatchObject({ buffer: '15m' })
})

test('a row edited with plain SQL stays and is used, the difference is said, and --overwrite takes it back', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.store(`update task set transformation_config = json_set(transformation_config, '$.apply', 'insert-missing')`)
  await p.duckdb(
    'data/a.duckdb',
    "UPDATE src SET v = 'newer', modified_on = CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP) WHERE id = 1",
  )
  const { exit, err } = await p.cli(['run', 'm.t'])
  expect(exit).toBe(0)
  expect(err).toContain(
    'Edited by hand in the control tables, and kept: task m.t (apply). tidemark deploy --overwrite takes the YAML instead.',
  )
  expect(await p.rows('data/b.duckdb', 'SELECT v FROM dst WHERE id = 1')).toEqual([['v1']])
  const kept = await p.ok('deploy')
  expect(kept.out).toContain('Nothing to change.')
  expect(kept.out).toContain('task m.t (apply)')
  expect((await p.cli(['deploy', '--overwrite'])).err).toContain('TM1020')
  await p.ok('deploy', '--overwrite', '--yes')
  expect(flowsIn(p)[0]?.how['apply']).toBe('latest')
  expect((await p.ok('run', 'm.t')).err).not.toContain('Edited by hand')
})

test('a field that the YAML changed and another that a person edited do not fight: each is taken where it was made', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.store(`update task set transformation_config = json_set(transformation_config, '$.apply', 'insert-missing')`)
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 15m')
  await p.ok('deploy')
  expect(flowsIn(p)[0]?.how).toMatchObject({ apply: { kind: 'insert-missing' }, capture: { buffer: '15m' } })
})

test('a task switched off with plain SQL stays off after a deploy, and is left out of --all', async () => {
  await using p = await flatProject()
  addTask(p, 'u')
  await p.ok('run', '--all')
  p.store(`update task set is_active = 0 where id = 't'`)
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 15m')
  await p.ok('deploy')
  expect(flowsIn(p)).toMatchObject([
    { id: 'm.t', active: false, how: { capture: { buffer: '15m' } } },
    { id: 'm.u', active: true },
  ])
  const { runs } = await p.json(RunDocument, ['run', '--all'])
  expect(runs.map((r) => r.flow)).toEqual(['m.u'])
  expect((await p.ok('status')).out).toMatch(/m\.t .* switched off\n/)
  expect((await p.cli(['deploy', '--overwrite', '--yes'])).exit).toBe(0)
  expect(flowsIn(p)[0]?.active).toBe(false)
})

test('a flow that is switched off is refused by name, in run and in plan', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  p.store('update task set is_active = 0')
  for (const command of ['run', 'plan']) {
    const { exit, err } = await p.cli([command, 'm.t'])
    expect(exit).toBe(2)
    expect(err).toContain('TM1003 unknown flow: m.t is switched off')
  }
  expect((await p.cli(['run', '--all'])).err).toContain('there is no active flow')
})

test('the runs of a flow that is switched off can still be looked at', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.store('update task set is_active = 0')
  expect((await p.ok('runs', 'm.t')).out).toContain('succeeded')
})

test('an unknown flow is answered with the one that was meant', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  for (const command of ['run', 'plan', 'runs']) {
    const { exit, err } = await p.cli([command, 'm.tt'])
    expect(exit).toBe(2)
    expect(err).toContain('TM1003 unknown flow: m.tt   did you mean m.t?')
  }
  expect((await p.cli(['run', '--module', 'mm'])).err).toContain('TM1003')
  expect((await p.cli(['run'])).err).toContain('TM1002 usage: which flow? m.t')
})

test('export prints what deploys to nothing to change, also after edits by SQL', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  p.store(
    `update task set transformation_config = json_set(transformation_config, '$.batch', json('{"rows": 7}')), execution_order = 4`,
  )
  await using copy = emptyProject()
  await p.ok('export', copy.dir)
  expect((await p.ok('export')).out).toContain('module: m')
  p.write('modules/m.yaml', copy.read('modules/m.yaml'))
  expect(p.read('modules/m.yaml')).toContain('rows: 7')
  expect((await p.ok('deploy')).out).toBe('Nothing to change.\n')
  expect((await p.cli(['run', 'm.t'])).err).not.toContain('Edited by hand')
})

test('a project without YAML modules is run from its tables and never asked about', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  await using bare = emptyProject({
    'tidemark.yaml': p
      .read('tidemark.yaml')
      .replace(/connections:[\s\S]*/, '')
      .replace('.tidemark/control.db', p.path('.tidemark/control.db')),
  })
  await p.duckdb('data/a.duckdb', 'CHECKPOINT')
  p.store(`update connection set options = json_object('path', '${p.dir}/data/' || id || '.duckdb')`)
  const { exit, err } = await bare.cli(['run', '--all'], { tty: true, typed: '' })
  expect(exit).toBe(0)
  expect(err).not.toContain('[y/N]')
  expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst')).toEqual([['3']])
})

test('what the YAML no longer has is said by deploy, and never deleted', async () => {
  await using p = await flatProject()
  addTask(p, 'u')
  await p.ok('deploy')
  p.edit('modules/m.yaml', p.read('modules/m.yaml').slice(p.read('modules/m.yaml').indexOf('  - id: u')), '')
  expect((await p.ok('deploy')).out).toContain('- task m.u   no longer in the YAML; deploy never deletes it')
  expect(flowsIn(p)).toHaveLength(2)
  expect((await p.cli(['run', 'm.t'])).exit).toBe(0)
})

test('deploy --dry-run shows the difference and writes nothing', async () => {
  await using p = await flatProject()
  const before = p.bytes()
  const { out } = await p.ok('deploy', '--dry-run')
  expect(out).toContain('+ task m.t   added')
  expect(out).toContain('Nothing was written.')
  expect(p.bytes()).toEqual(before)
})
