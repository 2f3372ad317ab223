import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CatalogRows } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { compareDefinitions } from '../../src/definition/difference.ts'
import { problemsError } from '../../src/definition/problem.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, loadSound, NO_ROWS } from './definition-texts.ts'

const DOC = readFileSync(new URL('../../../../docs/control-tables.md', import.meta.url), 'utf8')
const EXAMPLES = [...DOC.matchAll(/^## (.+)$[^]*?^```yaml\n([^]*?)^```\n\n```sql\n([^]*?)^```/gm)].map(
  ([, title = '', yaml = '', sql = '']) => ({ title, yaml, sql }),
)
const isProject = (yaml: string) => yaml.startsWith('connections:')
const PROJECT = `project: docs\n${EXAMPLES.find(({ yaml }) => isProject(yaml))?.yaml}`
const MODULES = EXAMPLES.map(({ yaml }) => yaml).filter((yaml) => !isProject(yaml))

let dir = ''
let inserted: CatalogRows = NO_ROWS
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-docs-'))
  const open = { projectDir: dir, readOnly: false }
  await (await openControlStore('sqlite:control.db', open))[Symbol.asyncDispose]()
  const database = new DatabaseSync(join(dir, 'control.db'))
  for (const { sql } of EXAMPLES) database.exec(sql)
  database.close()
  await using store = await openControlStore('sqlite:control.db', open)
  inserted = await store.catalog.read()
})
afterAll(() => rmSync(dir, { recursive: true }))

test('the page of the control tables has an example of every part', () => {
  expect(EXAMPLES.map(({ title }) => title)).toEqual(
    DOC.match(/(?<=^## ).+$/gm)?.filter((title) => title !== 'Not in this version'),
  )
})

test('every example of the control tables means the same as YAML and as INSERT', () => {
  const yaml = loadSound(MODULES, PROJECT)
  expect(yaml.tasks).toHaveLength(inserted.tasks.length)
  expect(compareDefinitions(yaml, inserted, true)).toEqual({ undeployed: [], editedByHand: [] })

  const fromYaml = resolveCatalog(deployed(MODULES, NO_ROWS, PROJECT), CAPTURE_SCHEMAS)
  const fromRows = resolveCatalog(inserted, CAPTURE_SCHEMAS)
  if (fromRows.problems.length > 0) throw problemsError(fromRows.problems)
  expect(fromRows.flows).toEqual(fromYaml.flows)
  expect(fromRows.connections).toEqual(fromYaml.connections)
  expect(fromRows.flows.length).toBeGreaterThan(6)
})
