import { emptyProject, type Project, PROJECT_YAML } from './project.ts'

export const TREE_YAML = `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: files }
      target: { connection: b, table: files }
      key: [id]
      capture: { kind: watermark, position: modified_on, clock: utc, buffer: 0s }
      apply: latest
      shape: { kind: tree, locator: loc, parent: parent }
`

/** `/a/` with `/a/b/` and `/a/b/c/` below it, all of 2020; the flow `m.t` takes the tree. */
export async function treeProject(): Promise<Project> {
  const project = emptyProject({ 'tidemark.yaml': PROJECT_YAML, 'modules/m.yaml': TREE_YAML })
  await project.duckdb(
    'data/a.duckdb',
    'CREATE TABLE files (id VARCHAR, loc VARCHAR, parent VARCHAR, modified_on TIMESTAMP)',
    fileInsert('a', '/a/', null),
    fileInsert('b', '/a/b/', '/a/'),
    fileInsert('c', '/a/b/c/', '/a/b/'),
  )
  return project
}

export const fileInsert = (id: string, loc: string, parent: string | null): string =>
  `INSERT INTO files VALUES ('${id}', '${loc}', ${parent === null ? 'NULL' : `'${parent}'`}, TIMESTAMP '2020-01-01')`
