import { ErrorDocument } from '@tidemark/contract/api'
import { RetireDocument } from '@tidemark/contract/operate-documents'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'

const MORE = `module: other
tasks:
  - id: back
    flow:
      source: { connection: b, table: Gwent.dbo.src }
      target: { connection: b, table: Wrexham.dbo.dst }
      key: [id]
      capture: backfill
      apply: insert-missing
  - id: off
    active: false
    flow:
      source: { connection: b, table: Gwent.dbo.src2 }
      target: { connection: b, table: dst2 }
      key: [id]
      capture: backfill
      apply: insert-missing
  - id: upkeep
    type: sql_query
    config: { connection: b, sql: "ANALYZE Gwent.dbo.src" }
`

async function project(): Promise<Project> {
  const p = await flatProject(3)
  p.write('modules/other.yaml', MORE)
  await p.ok('run', 'm.t', '--deploy')
  return p
}
const active = (p: Project): unknown =>
  p
    .store('select module, id, is_active from task order by module, id')
    .map((r) => `${String(r['module'])}.${String(r['id'])} ${String(r['is_active'])}`)

test('retire --dry-run lists exactly what the real run switches off, and writes nothing', async () => {
  await using p = await project()
  const bytes = p.bytes()
  const dry = await p.json(RetireDocument, ['retire', '--connection', 'b', '--dry-run'])
  expect(p.bytes()).toEqual(bytes)
  expect(dry).toEqual({
    connection: 'b',
    database: null,
    dry_run: true,
    tasks: [
      {
        task: 'm.t',
        named_by: ['target.connection b'],
        was_active: true,
        runs: 1,
        watermarks: 1,
        open_rejects: 0,
        running: null,
      },
      {
        task: 'other.back',
        named_by: ['source.connection b', 'target.connection b'],
        was_active: true,
        runs: 0,
        watermarks: 0,
        open_rejects: 0,
        running: null,
      },
      {
        task: 'other.off',
        named_by: ['source.connection b', 'target.connection b'],
        was_active: false,
        runs: 0,
        watermarks: 0,
        open_rejects: 0,
        running: null,
      },
      {
        task: 'other.upkeep',
        named_by: ['connection b'],
        was_active: true,
        runs: 0,
        watermarks: 0,
        open_rejects: 0,
        running: null,
      },
    ],
    rows: { task: 3, run: 1, batch: 1, watermark: 1, reject: 0 },
  })
  const done = await p.json(RetireDocument, ['retire', '--connection', 'b', '--yes'])
  expect(done).toEqual({ ...dry, dry_run: false })
  expect(active(p)).toEqual(['m.t 0', 'other.back 0', 'other.off 0', 'other.upkeep 0'])
})

test('retire keeps the history and says who and why, and no deploy switches its tasks on again', async () => {
  await using p = await project()
  await p.ok('retire', '--connection', 'b', '--database', 'gwent', '--reason', 'the council left', '--yes')
  expect(active(p)).toEqual(['m.t 1', 'other.back 0', 'other.off 0', 'other.upkeep 0'])
  expect(p.store("select subject, reason, after from audit where action = 'retire'")).toEqual([
    { subject: 'connection b database gwent', reason: 'the council left', after: '["other.back","other.upkeep"]' },
  ])
  expect(p.store("select count(*) as n from task_history where id = 'back'")).toEqual([{ n: expect.any(BigInt) }])
  expect(p.store('select count(*) as n from run')).toEqual([{ n: 1n }])
  await p.ok('deploy', '--overwrite', '--yes')
  expect(active(p)).toEqual(['m.t 1', 'other.back 0', 'other.off 0', 'other.upkeep 0'])
})

test('retire shows its tasks and asks; a no, and nobody to ask, changes nothing', async () => {
  await using p = await project()
  const argv = ['retire', '--connection', 'b', '--database', 'Wrexham', '--no-color']
  const no = await p.cli(argv, { tty: true, typed: 'n\n' })
  expect(no.exit).toBe(2)
  expect(no.err).toContain('other.back')
  expect(no.err).toContain('1 task of database Wrexham of connection b would be switched off.')
  expect((await p.cli(argv)).err).toContain('TM1020')
  expect(active(p)).toEqual(['m.t 1', 'other.back 1', 'other.off 0', 'other.upkeep 1'])
  const yes = await p.cli(argv, { tty: true, typed: 'y\n' })
  expect(yes.exit).toBe(0)
  expect(yes.out).toContain('1 task of database Wrexham of connection b is switched off. Kept: 0 runs')
  expect(active(p)).toEqual(['m.t 1', 'other.back 0', 'other.off 0', 'other.upkeep 1'])
})

test('retire of what nothing names is no error, of a connection that nobody knows it is', async () => {
  await using p = await project()
  expect((await p.ok('retire', '--connection', 'b', '--database', 'Powys')).out).toBe(
    'No task names database Powys of connection b.\n',
  )
  const { error } = await p.json(ErrorDocument, ['retire', '--connection', 'offce', '--yes'], 2)
  expect(error.code).toBe('TM1013')
  expect((await p.cli(['retire'])).exit).toBe(2)
})
