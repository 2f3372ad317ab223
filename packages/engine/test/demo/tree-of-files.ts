/** A small directory tree with the names that break careless code, and a project to load it into. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { DemoDatabase, LoadReport } from '../../src/demo/demo-database.ts'
import { makeProject } from '../../src/demo/demo-folder.ts'
import { openDuckdbDatabase } from '../../src/demo/duckdb/duckdb-database.ts'
import { Narrator } from '../../src/demo/narrator.ts'
import { openPostgresDatabase } from '../../src/demo/postgres/postgres-database.ts'
import { DEMO_LIMITS, readTree, type Tree } from '../../src/demo/read-tree.ts'
import { TestDatabase } from '../support/postgres-database.ts'

export const FILES: Readonly<Record<string, string>> = {
  'top.txt': 'at the top',
  'letters/it\'s "quoted"; DROP TABLE files.txt': 'quotes',
  'letters/[id]*.txt': 'a pattern that is none',
  'letters/back\\slash [1]?.txt': 'a backslash in a pattern',
  'letters/idx.txt': 'what the pattern would match',
  'letters/ŵyl 🌊 日本.txt': 'unicode ŵ',
  'letters/empty.txt': '',
  'letters/line\nbreak.txt': 'a line break in a name',
  'a/b/c/d/e/f/deep.txt': 'deep',
  'a/b/c/side.txt': 'side',
  'a/second.txt': 'second',
  'a%/like.txt': 'a percent sign',
  'plans/one.txt': 'one',
  'plans/two.txt': 'two',
}
export const EMPTY_FOLDER = 'plans/nothing here'

/** What the demo can play on. */
export const KINDS = ['duckdb', 'postgres'] as const
export type Kind = (typeof KINDS)[number]

const plain = (text: string): string => text
export const PLAIN = { bold: plain, dim: plain, good: plain, bad: plain }

export interface Place extends AsyncDisposable {
  readonly tree: string
  readonly project: string
  /** of its own on the suite's server; null: it plays on DuckDB */
  readonly postgres: TestDatabase | null
  readonly database: DemoDatabase
}

/** A temporary folder with the tree and an empty project beside it. */
export async function openPlace(kind: Kind = 'duckdb'): Promise<Place> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tidemark-demo-'))
  const tree = path.join(folder, 'tree')
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(path.dirname(path.join(tree, name)), { recursive: true })
    await writeFile(path.join(tree, name), text)
  }
  await mkdir(path.join(tree, EMPTY_FOLDER))
  await symlink('top.txt', path.join(tree, 'link.txt'))
  const project = path.join(folder, 'project')
  const postgres = kind === 'postgres' ? await TestDatabase.create('18') : null
  const narrator = new Narrator(() => {}, PLAIN)
  return {
    tree,
    project,
    postgres,
    database:
      postgres === null ? openDuckdbDatabase(project) : await openPostgresDatabase(postgres.url, folder, narrator),
    [Symbol.asyncDispose]: async () => {
      await postgres?.[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const never = new AbortController().signal

/** Makes the project and loads the tree, or what a test makes of it, into its source. */
export async function load(
  { tree, project, database }: Place,
  change: (tree: Tree) => Tree = (t) => t,
): Promise<LoadReport> {
  await makeProject(project, database.definitions)
  const read = change(await readTree(tree, DEMO_LIMITS, null, never))
  return await database.load(read, never)
}
