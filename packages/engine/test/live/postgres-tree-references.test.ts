import { describe, expect, test } from 'vitest'
import { treeReferencesContract } from '../contract/tree-references-contract.ts'
import { postgresEnds } from '../support/postgres-ends.ts'
import { ProcessProject } from '../support/process-project.ts'
import { AS_IT_STANDS } from '../support/run-wish.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

openWorldsWith(() => postgresEnds('18'))

describe('a tree in a PostgreSQL table that refers to itself', () => {
  treeReferencesContract()
})

describe('the plan of a tree in a PostgreSQL table that refers to itself', () => {
  test('names the column that refers to locators, and none where the locator is the key', async () => {
    await using w = await openWorld()
    await w.source(
      'CREATE TABLE src (id bigint, loc text, parent_id bigint, parent text, modified_on timestamp)',
      "INSERT INTO src VALUES (1, 'a', NULL, NULL, '2026-01-01')",
    )
    await w.target(
      `CREATE TABLE dst (id bigint PRIMARY KEY, loc text UNIQUE, parent_id bigint REFERENCES dst (id), parent text REFERENCES dst (loc), modified_on timestamp)`,
    )
    const treeOf = async (locator: string, parent: string) =>
      (await w.planned(flowSpec({ shape: { kind: 'tree', locator, parent, orphans: null } }))).relation.tree
    expect(await treeOf('loc', 'parent')).toMatchObject({ reference: 'parent' })
    expect(await treeOf('id', 'parent_id')).not.toHaveProperty('reference')
  })

  test('says how many rows move together, where a batch is smaller', async () => {
    const tree = '      shape: { kind: tree, locator: loc, parent: parent }\n'
    await using p = await ProcessProject.open({ ways: 'pushdown', version: '18', more: tree })
    await p.a.exec(
      'CREATE TABLE office.src (id bigint PRIMARY KEY, loc text UNIQUE, parent text, modified_on timestamptz NOT NULL)',
      'CREATE TABLE lake.dst (id bigint PRIMARY KEY, loc text NOT NULL UNIQUE, parent text REFERENCES lake.dst (loc), modified_on timestamptz)',
      "INSERT INTO office.src VALUES (1, 'a', NULL, '2026-01-01'), (2, 'a/b', 'a', '2026-01-01'), (3, 'a/b/c', 'a/b', '2026-01-01')",
    )
    expect(await p.run()).toMatchObject({ status: 'succeeded' })
    await p.a.exec(
      "UPDATE office.src SET loc = 'z' || substr(loc, 2), parent = 'z' || substr(parent, 2), modified_on = clock_timestamp()",
    )
    const planned = async (batchRows: number) =>
      (await p.app.plan({ ...AS_IT_STANDS, batchRows }, new AbortController().signal)).plans[0]
    expect(await planned(2)).toMatchObject({
      batches: 1,
      notes: expect.arrayContaining(['what moves together is one batch of 3 rows: the target refers from row to row']),
    })
    expect(JSON.stringify(await planned(3))).not.toContain('moves together')
    expect(await p.run({ batchRows: 2 })).toMatchObject({ status: 'succeeded', batches: 1, rows: { updated: 3 } })
    expect(await p.differences()).toEqual([])
  })
})
