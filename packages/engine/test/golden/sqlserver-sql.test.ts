/** The statements that SQL Server gets, as files to be reviewed like code. No server is asked: they are made of the plan alone. */
import type { TableName } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { explainBatch } from '../../src/dialects/sqlserver/explain-batch.ts'
import * as fence from '../../src/dialects/sqlserver/fence.sql.ts'
import { prepareSql } from '../../src/dialects/sqlserver/prepare.ts'
import { printed } from '../../src/dialects/sqlserver/style.ts'
import { tallyQuery } from '../../src/dialects/sqlserver/capture.sql.ts'
import { createSide, createTarget, replaceRows, vanishing } from '../../src/dialects/sqlserver/table.sql.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import * as moves from '../../src/dialects/sqlserver/moves.sql.ts'
import * as tree from '../../src/dialects/sqlserver/tree.sql.ts'
import * as shared from '../../src/dialects/relational/fence.sql.ts'
import { fromSource } from '../../src/dialects/relational/selection.sql.ts'
import { readByLocks, withHints } from '../../src/dialects/sqlserver/file-tables.ts'
import { ident, type Sql, sql } from '../../src/dialects/sql-text.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { goldenText } from '../support/golden-flows.ts'
import { SQLSERVER_CASES } from '../support/sqlserver-relations.ts'

const server = { host: 'office', database: 'Gwent_LA_FileTable', user: 'tidemark', password: new Secret('x') }
const c = catalogsOf(connectionOf(server), connectionOf(server, 'target'), workPlace('r-abcde'), () => new Secret('key'), 13)
const fileOf = (name: string): string => `../golden/sqlserver/${name}.sql`
const named = (name: string, statements: readonly Sql[]) => statements.map((x) => ({ name, text: printed(x) }))

describe('golden SQL of sqlserver', () => {
  test.each(Object.entries(SQLSERVER_CASES))('%s', async (name, { relation, selection, kind }) => {
    await expect(goldenText(explainBatch(c, relation, selection, kind))).toMatchFileSnapshot(fileOf(name))
  })

  test.each(Object.entries(SQLSERVER_CASES))('what is asked and made besides: %s', async (name, { relation, selection }) => {
    const text = goldenText([
      ...named('tally', [tallyQuery(c, relation, selection, true)]),
      ...named('target', [createTarget(relation, ident('dbo', 'target')), ...createSide(c, relation, ident('tidemark', 'view'))]),
      ...named('replace', [
        vanishing(c, { ...relation, target: { ...relation.target, beside: ['beside'] } }),
        ...replaceRows(c, { ...relation, target: { ...relation.target, beside: ['beside'] } }, { identity: null }),
      ]),
    ])
    await expect(text).toMatchFileSnapshot(fileOf(`besides/${name}`))
  })

  test('a FileTable whose files anybody may write is read by locks, on both sides', async () => {
    const { relation, selection, kind } = SQLSERVER_CASES['filetable-tree-side-position'] ?? {}
    if (relation === undefined || selection === undefined || kind === undefined) throw new TypeError('no FileTable')
    const isOne = (table: TableName): Sql | null =>
      table.at(-1) === 'ReferralAttachment' ? sql` WITH (READCOMMITTEDLOCK)` : null
    const files = withHints(c, isOne, isOne)
    const flat = { ...relation, position: null, tree: null }
    const text = goldenText([
      ...explainBatch(files, relation, selection, kind),
      ...explainBatch(files, flat, { ...selection, window: null, absent: 'row' }, 'latest').map(({ name, text }) => ({
        name: `flat ${name}`,
        text,
      })),
      ...named('replace', replaceRows(files, { ...flat, target: { ...flat.target, beside: ['beside'] } }, { identity: null })),
      ...named('departure', [sql`SELECT 1 FROM ${fromSource(readByLocks(c), relation)}`]),
    ])
    await expect(text).toMatchFileSnapshot(fileOf('filetable-by-locks'))
  })

  test('the captured keys of a tree', async () => {
    const { relation: r } = SQLSERVER_CASES['filetable-tree-side-position'] ?? {}
    if (r === undefined) throw new TypeError('no tree')
    const x = { c, r, rowIds: false, targetExists: true }
    const text = goldenText([
      ...named('start', tree.createWork(x, [], ident('p'), ident('l'))),
      ...named('close', [tree.visitAncestors(x), tree.captureMissing(x), tree.settleAncestors(x), ...tree.markDescended(x)]),
      ...named('look', [tree.duplicateLocators(x), tree.withoutLocator(x)]),
      ...named('order', [tree.promotePassed(x), ...tree.startOrder(x), ...tree.startOrphans(x), tree.addCycles(x)]),
      ...named('orphans', [tree.listOrphans(x), tree.dropOrphans(x, ['gone', 'cycle']), tree.parentOf(x, '/1/')]),
      ...named('steps', [tree.assignSteps(x), tree.liftAncestors(x), ...tree.order(x), ...tree.cut(x, 500, 64 << 20)]),
      ...named('pieces', [tree.pieces(x), ...tree.markWhole(c, 2), tree.wholeEpoch(c), tree.rememberDone(x, 1n, 9n)]),
    ])
    await expect(text).toMatchFileSnapshot(fileOf('captured-keys'))
  })

  test('the captured keys of a tree whose target refers from row to row', async () => {
    const { relation } = SQLSERVER_CASES['filetable-tree-side-position'] ?? {}
    if (relation?.tree == null) throw new TypeError('no tree')
    const r = { ...relation, tree: { ...relation.tree, reference: 'parent_path_locator' } }
    const x = { c, r, rowIds: false, targetExists: true }
    const text = goldenText([
      ...named('close', [moves.captureReferring(x), moves.promoteReferring(x), moves.leftBehind(x)]),
      ...named('units', [...moves.findMovers(x), moves.countMovers(x), ...moves.findPairs(x), moves.joinUnits(x)]),
      ...named('order', [...moves.startLate(x), moves.addLate(x), ...moves.findAwaited(x), moves.rank(x, 3), moves.tangled(x)]),
      ...named('steps', [moves.assignLate(x), ...moves.orderUnits(x), ...moves.cutUnits(x, 500, 64 << 20)]),
    ])
    await expect(text).toMatchFileSnapshot(fileOf('captured-keys-references'))
  })

  test('fence and markers', async () => {
    const key = { store: 's-1', flow: 'referrals.attachments', scope: '{}', token: 7n }
    const batch = { run: 'r-abcde', step: 1, batch: 3 }
    const settled = { run: 'r-abcde', upTo: '2026-03-01', forgetsOtherScopes: false }
    const n = { read: 1n, inserted: 1n, updated: 0n, deleted: 0n, skippedSame: 0n, skippedOlder: 0n, rejected: 0n }
    const t = c.target
    const text = goldenText([
      ...prepareSql().map((x) => ({ name: 'prepare', text: x })),
      ...named('raise', [fence.addFence(t, key), fence.raise(t, key), fence.holders(57), fence.terminate(57)]),
      ...named('batch', [
        fence.enter(t, key),
        fence.lockTimeout(1000),
        fence.findMarker(t, key, batch),
        fence.insertMarker(t, key, batch),
        shared.completeMarker(t, key, batch, n),
      ]),
      ...named('settle', [...fence.settle(t, key, settled, ident('dbo', 't')), ...shared.forget(t, key, 'r-abcde')]),
      ...named('look', [shared.listMarkers(t, key, 'r-abcde'), fence.listRejects(t, key, 'r-abcde', 3)]),
    ])
    await expect(text).toMatchFileSnapshot(fileOf('fence'))
  })
})
