/** A small directory tree with the names that break careless code, and a project to load it into. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeProject } from '../../src/demo/demo-folder.ts'
import { type LoadReport, loadTree } from '../../src/demo/load-tree.ts'
import { inOffice } from '../../src/demo/office.ts'
import { DEMO_LIMITS, readTree, type Tree } from '../../src/demo/read-tree.ts'

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

export interface Place extends AsyncDisposable {
  readonly tree: string
  readonly project: string
}

/** A temporary folder with the tree and an empty project beside it. */
export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tidemark-demo-'))
  const tree = path.join(folder, 'tree')
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(path.dirname(path.join(tree, name)), { recursive: true })
    await writeFile(path.join(tree, name), text)
  }
  await mkdir(path.join(tree, EMPTY_FOLDER))
  await symlink('top.txt', path.join(tree, 'link.txt'))
  return {
    tree,
    project: path.join(folder, 'project'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

export const never = new AbortController().signal

/** Makes the project and loads the tree, or what a test makes of it, into its source. */
export async function load({ tree, project }: Place, change: (tree: Tree) => Tree = (t) => t): Promise<LoadReport> {
  await makeProject(project)
  const read = change(await readTree(tree, DEMO_LIMITS, null, never))
  return await inOffice(project, (office) => loadTree(office, read, never))
}
