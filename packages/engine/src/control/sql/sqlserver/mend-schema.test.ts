import { expect, test } from 'vitest'
import { damageOf } from '../server/schema-difference.ts'
import { batchesOf } from './batches-of-script.ts'
import { differencesOf, mendingSql } from './mend-schema.ts'
import { codeHash } from './schema-facts.sql.ts'
import { SCHEMA_MANIFEST } from './schema-manifest.ts'

const without = (...what: readonly string[]) => SCHEMA_MANIFEST.filter((fact) => !what.includes(fact.what))
const but = (what: string, is: string | null) => SCHEMA_MANIFEST.map((f) => (f.what === what ? { what, is } : f))

test('a schema as it should be lacks nothing, whatever else is in it', () => {
  const more = [
    ...SCHEMA_MANIFEST,
    { what: 'table fence', is: 'there' },
    { what: 'trigger run.audited', is: 'enabled' },
  ]
  expect(differencesOf(more, true)).toEqual([])
  expect(mendingSql([])).toBe('')
})

test('what holds no rows is put back, tables and columns are not', () => {
  const found = differencesOf(
    without('view freshness', 'text of freshness', 'index reject.reject_open', 'column run.captured', 'table look'),
    true,
  )
  expect(damageOf(found).toSorted()).toEqual([
    'column run.captured is missing',
    'index reject.reject_open is missing',
    'table look is missing',
    'view freshness is missing',
  ])
  const mending = batchesOf(mendingSql(found))
  expect(mending[1]).toMatch(
    /^create unique index reject_open on tidemark\.reject \(flow, key_hash\) where state = N'open';$/,
  )
  // as the newest migration makes it
  expect(mending[2]).toMatch(/create view tidemark\.freshness as[\s\S]*lag_seconds/)
  expect(mending).toHaveLength(3)
})

test('a trigger or constraint that was switched off is switched on, a text that was changed is made anew', () => {
  const mended = (what: string, is: string) => batchesOf(mendingSql(differencesOf(but(what, is), true))).slice(1)
  expect(mended('trigger task.task_updated', 'switched off')).toEqual([
    'enable trigger tidemark.task_updated on tidemark.task',
  ])
  expect(mended('constraint run.run_state_check', 'not trusted')).toEqual([
    'alter table tidemark.run with check check constraint run_state_check',
  ])
  const [drop, create] = mended('text of lease_token_only_grows', '0123456789ab')
  expect(drop).toBe('drop trigger tidemark.lease_token_only_grows')
  expect(create).toMatch(/create trigger tidemark\.lease_token_only_grows on tidemark\.lease after insert, update/)
})

test('who may not see definitions is told of tables, views and columns alone', () => {
  const visible = SCHEMA_MANIFEST.filter(({ what }) => /^(table|view|column) /.test(what))
  expect(differencesOf(visible, false)).toEqual([])
  expect(differencesOf(visible.slice(1), false)).toHaveLength(1)
})

test('a text that is hidden is taken for what it should be', () => {
  expect(differencesOf(but('text of task_inserted', null), true)).toEqual([])
})

test('a text is the same however it was broken into lines, and whichever CREATE made it', () => {
  const hash = codeHash('create view tidemark.v as\nselect 1 as a;')
  expect(codeHash('-- said by a person\nCREATE OR ALTER  view tidemark.v as select\t1 as a;\r\n')).toBe(hash)
  expect(codeHash('create view tidemark.v as select 2 as a;')).not.toBe(hash)
})
