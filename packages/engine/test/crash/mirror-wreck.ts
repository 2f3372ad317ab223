/** A mirror whose run died, and how it has to be once the next one has ended. */
import { RunDocument } from '@tidemark/contract/api'
import { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { expect } from 'vitest'
import type { Project, Row } from '../e2e/project.ts'
import { changedInto, type Into } from './snapshot-wreck.ts'

/** Rows of the target, as texts. */
export type TargetRows = (query: string) => Promise<readonly Row[]>

export const SETTLED = ['settle:after', 'snapshot:kept', 'hot:kept']

/** `target`: its connection. */
export const mirrored = (apply: string, target: string, others: Omit<Into, 'target'> = {}): Promise<Project> =>
  changedInto(
    { target, ...others },
    `      apply: { kind: ${apply}, max_delete: 50% }
`,
    'DELETE FROM src WHERE id IN (9, 10, 11)',
  )

/** The source changes again before what was found is delivered. */
export const changeLater = (p: Project): Promise<void> =>
  p.duckdb(
    'data/a.duckdb',
    "UPDATE src SET name = 'later' WHERE id IN (3, 7)",
    'DELETE FROM src WHERE id IN (8, 20)',
    "INSERT INTO src VALUES (30, 'n30'), (9, 'back')",
  )

const LIVE = 'SELECT id, name FROM dst WHERE batch_out = 2147483647 ORDER BY id'

export async function expectMirror(p: Project, apply: string, rows: TargetRows): Promise<void> {
  const source = await p.rows('data/a.duckdb', 'SELECT id, name FROM src ORDER BY id')
  const target = apply === 'live' ? 'SELECT id, name FROM dst ORDER BY id' : LIVE
  expect(await rows(target)).toEqual(source)
  const { snapshots } = await p.json(SnapshotsDocument, ['snapshot', 'list', 'm.t'])
  expect(snapshots.map((s) => [s.status, s.rows])).toEqual([
    ['current', source.length],
    ['kept', expect.any(Number)],
  ])
  const next = await p.json(RunDocument, ['run', 'm.t'])
  expect(next.runs).toMatchObject([{ status: 'nothing_to_do', rows: { read: 0, deleted: 0 } }])
  if (apply === 'forensic') await expectSoundVersions(rows)
}

/** No version is the one before it over again, none is empty, and none overlaps with another of its key. */
async function expectSoundVersions(rows: TargetRows): Promise<void> {
  const unsound = await rows(
    `SELECT * FROM (SELECT d.*, lag(name) OVER (PARTITION BY id ORDER BY batch_in, batch_out) AS name_before, lag(batch_out) OVER (PARTITION BY id ORDER BY batch_in, batch_out) AS out_before FROM dst AS d) AS q
WHERE batch_in > batch_out OR batch_in <= out_before OR (name = name_before AND batch_in = out_before + 1)`,
  )
  expect(unsound).toEqual([])
}

export const byText = (a: readonly unknown[], b: readonly unknown[]): number => (a.join(' ') < b.join(' ') ? -1 : 1)

const FOREVER = '2147483647'

/** Of a `forensic` target, sorted `byText`. */
export const AFTERWARDS = [
  ...['0', '5', '6', '7', '8'].map((id) => [id, `n${id}`, '1', FOREVER]),
  ...['1', '2', '3', '4'].flatMap((id) => [
    [id, `n${id}`, '1', '1'],
    [id, 'other', '2', FOREVER],
  ]),
  ...['9', '10', '11'].map((id) => [id, `n${id}`, '1', '1']),
  ...['20', '21'].map((id) => [id, `n${id}`, '2', FOREVER]),
].toSorted(byText)

const HOT = 'SELECT snapshot, "key", row_hash, "state" FROM'

/** A mirror, and the target has the two snapshots that the hot side has, as kept. */
export async function expectBothKept(p: Project, rows: TargetRows): Promise<void> {
  await expectMirror(p, 'live', rows)
  const inTarget = (await rows(`${HOT} tidemark.hot`)).toSorted(byText)
  expect(inTarget).toEqual((await p.rows('.tidemark/snapshots/m.t.duckdb', `${HOT} hot`)).toSorted(byText))
  expect(new Set(inTarget.map(([, , , state]) => state))).toEqual(new Set(['kept']))
  expect(await rows('SELECT count(*) FROM tidemark.snapshot')).toEqual([['2']])
}
