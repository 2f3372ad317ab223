/** A project with a flow `m.t` whose snapshots are archived in its folder `archive`, unless said otherwise. */
import { ArchivesDocument } from '@tidemark/contract/archive-documents'
import { SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { expect } from 'vitest'
import { emptyProject, type Project } from './project.ts'

export const PROJECT = `project: test
connections:
  a: { kind: duckdb, path: data/a.duckdb }
  b: { kind: duckdb, path: data/b.duckdb }
  inbox: { kind: files, path: archive }
`

interface Wishes {
  readonly project?: string
  /** what stands in `archive: { … }` */
  readonly archive?: string
  readonly keep?: number
  /** text of the file `.env` */
  readonly env?: string
}

export async function ordersProject({
  project = PROJECT,
  archive = 'connection: inbox',
  keep = 1,
  env = '',
}: Wishes = {}) {
  const p = emptyProject()
  if (env !== '') p.write('.env', env)
  p.write('tidemark.yaml', project)
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: snapshot, compare: { exclude: [seen] }, keep: ${keep}, archive: { ${archive} } }
      scope: { customer: customer }
`,
  )
  await p.duckdb(
    'data/a.duckdb',
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, CAST(i * 1.25 AS DECIMAL(38,10)) AS price, 'x' AS seen, CAST(9007199254740993 + i AS BIGINT) AS big, CASE WHEN i < 3 THEN 'a' ELSE 'b' END AS customer FROM range(6) t(i)",
  )
  await p.ok('deploy')
  return p
}

export const take = (p: Project, ...options: readonly string[]) =>
  p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', ...options])

export async function taken(p: Project, ...options: readonly string[]): Promise<string> {
  const { runs, snapshots } = await take(p, ...options)
  expect(runs).toMatchObject([{ error: null, remarks: [] }])
  return snapshots[0]?.snapshot ?? ''
}

export const archives = async (p: Project) => (await p.json(ArchivesDocument, ['snapshot', 'archive'])).archives
export const fileOf = (id: string): string => `archive/m.t/${id}.parquet`
export const change = (p: Project, name: string) =>
  p.duckdb('data/a.duckdb', `UPDATE src SET name = '${name}' WHERE id = 1`)
