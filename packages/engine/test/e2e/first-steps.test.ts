import { renameSync } from 'node:fs'
import { ErrorDocument, RunDocument } from '@tidemark/contract/api'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { fakeIo } from '../support/fake-terminal.ts'
import { emptyProject, Project } from './project.ts'

const utc = (instant: Temporal.Instant): string =>
  instant.toZonedDateTimeISO('UTC').toPlainDateTime().toString({ fractionalSecondDigits: 3 }).replace('T', ' ')

/** `tidemark init shop`, its times counted back from the real present. */
async function initShop(home: Project): Promise<Project> {
  const fake = fakeIo({ cwd: home.dir })
  expect(await main(['init', 'shop'], { ...fake.io, now: () => Temporal.Now.instant() })).toBe(0)
  return new Project(home.path('shop'))
}

test('the project of init runs as it stands; a changed line arrives; and it may be moved to another folder', async () => {
  await using home = emptyProject()
  const shop = await initShop(home)
  const first = await shop.json(RunDocument, ['run', '--all'])
  expect(first.runs).toMatchObject([
    { flow: 'orders.customers', status: 'succeeded', rows: { inserted: 1_200 } },
    { flow: 'orders.orders', status: 'succeeded', rows: { inserted: 8_931 }, waiting: { rows: 3 } },
  ])
  const again = await shop.json(RunDocument, ['run', '--all'])
  expect(again.runs.map((r) => r.status)).toEqual(['nothing_to_do', 'nothing_to_do'])

  renameSync(home.path('shop'), home.path('moved'))
  const moved = new Project(home.path('moved'))
  const [header, order = '', ...rest] = moved.read('data/orders.csv').split('\n')
  const fields = order.split(',')
  moved.write(
    'data/orders.csv',
    [header, [fields[0], fields[1], 'lost', fields[3], utc(Temporal.Now.instant())].join(','), ...rest].join('\n'),
  )
  const changed = await moved.json(RunDocument, ['run', '--all', '--buffer', '0s'])
  expect(changed.runs).toMatchObject([
    { status: 'nothing_to_do' },
    { status: 'succeeded', rows: { read: 4, inserted: 3, updated: 1 } },
  ])
  expect(await moved.rows('lake.duckdb', `SELECT status FROM orders WHERE order_id = ${fields[0]}`)).toEqual([['lost']])
})

test('every command of the project of init works from a folder below it', async () => {
  await using home = emptyProject()
  const shop = await initShop(home)
  const below = new Project(shop.path('data'))
  await below.ok('run', '--all')
  for (const command of ['status', 'runs', 'watermarks', 'connections', 'check', 'export', 'deploy', 'migrate'])
    await below.ok(command)
  const { out } = await below.ok('connections')
  expect(out).toMatch(/shop +duckdb +.*shop\.duckdb +ok: 0 tables, 2 views/)
})

test('explain tells every code, and migrate --print-sql the statements, without a project', async () => {
  await using home = emptyProject()
  expect((await home.ok('explain', 'TM1018')).out).toContain('tidemark deploy')
  const all = await home.json(z.object({ errors: z.array(z.object({ code: z.string(), title: z.string() })) }), [
    'explain',
  ])
  expect(all.errors.length).toBeGreaterThan(50)
  expect((await home.ok('migrate', '--print-sql')).out).toContain('create table run')
  expect((await home.json(ErrorDocument, ['status'], 2)).error.code).toBe('TM1001')
})
