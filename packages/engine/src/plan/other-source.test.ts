import { expect, test } from 'vitest'
import type { SourceIdentity } from '../dialects/contract.ts'
import { otherSource } from './make-plan.ts'

const own: SourceIdentity = { system: 'sqlserver:a/Home/fork 1', timeline: '7' }
const meta: SourceIdentity = { system: 'sqlserver:b/Meta/fork 1', timeline: '9' }
const both: SourceIdentity = { ...own, beside: { Meta: meta } }

test('a database beside the own one that was restored is another source, or an older one', () => {
  expect(otherSource(both, both)).toBeNull()
  expect(otherSource(both, { ...both, beside: { Meta: { ...meta, timeline: '10' } } })).toBeNull()
  expect(otherSource(both, { ...both, beside: { Meta: { ...meta, system: 'sqlserver:b/Meta/fork 2' } } })).toBe(
    'of the database Meta, the watermark was earned on sqlserver:b/Meta/fork 1, this is sqlserver:b/Meta/fork 2',
  )
  expect(otherSource(both, { ...both, beside: { Meta: { ...meta, timeline: '8' } } })).toMatch(
    /of the database Meta, .*older copy/,
  )
})

test('a database that an earlier version did not look at, or that is read no more, is no other source', () => {
  expect(otherSource(own, both)).toBeNull()
  expect(otherSource(both, own)).toBeNull()
})
