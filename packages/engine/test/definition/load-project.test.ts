import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/definition/load-definitions.ts'
import { loadProject } from '../../src/definition/load-project.ts'
import { flowYaml, PROJECT } from './definition-texts.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-project-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
}
const definitions = (path: string | null = null) =>
  loadDefinitions(loadProject(dir), { captures: CAPTURE_SCHEMAS, path, tables: null })

test('a project that says little gets the defaults', () => {
  write({ 'tidemark.yaml': 'project: p\n' })
  expect(loadProject(dir)).toEqual({
    dir,
    name: 'p',
    platform: null,
    controlUrl: 'sqlite:.tidemark/control.db',
    engine: { memoryBytes: null, threads: null, tempDir: join(dir, '.tidemark', 'tmp'), leaseMs: 60_000 },
    hasModules: false,
  })
})

test('a project that says everything is taken at its word', () => {
  write({
    'tidemark.yaml':
      'project: p\nplatform: east\ncontrol: sqlite:c.db\nengine: { memory: 1GiB, threads: 2, temp: tmp, lease: 5m }\n',
    'modules/shop.yml': flowYaml(),
  })
  expect(loadProject(dir)).toMatchObject({
    platform: 'east',
    controlUrl: 'sqlite:c.db',
    engine: { memoryBytes: 2 ** 30, threads: 2, tempDir: join(dir, 'tmp'), leaseMs: 300_000 },
    hasModules: true,
  })
})

test.each([
  ['without a name', 'platform: east\n', /^TM1011 .*project is missing/],
  ['with a misspelt key', 'project: p\nconections: {}\n', /^TM1012 .*tidemark\.yaml:2:1 .*did you mean "connections"/],
  ['with memory that is none', 'project: p\nengine: { memory: much }\n', /^TM1011 .*engine\.memory must be a size/],
  ['with a lease too short', 'project: p\nengine: { lease: 10ms }\n', /^TM1011 .*engine\.lease must be 1s or more/],
  [
    'with a password for its control store',
    'project: p\ncontrol: postgres://me:gehe1m@host/db\n',
    /^TM1015 (?!.*gehe1m)/,
  ],
  ['that is no YAML', 'project: [\n', /^TM1010 .*tidemark\.yaml/],
  [
    'with a connection that is none',
    'project: p\nconnections: { c: duckdb }\n',
    /^TM1011 .*connections\.c must be a mapping/,
  ],
])('a project file %s is refused', (_, text, message) => {
  write({ 'tidemark.yaml': text })
  expect(() => loadProject(dir)).toThrow(message)
})

test('files of modules are read by name, and the file of each is known', () => {
  write({
    'tidemark.yaml': PROJECT,
    'modules/b.yaml': flowYaml(),
    'modules/a.yml': 'module: a\ntasks: []\n',
    'modules/notes.txt': 'x',
    'modules/old.yaml/x': '',
  })
  expect([...definitions().files]).toEqual([
    ['a', 'modules/a.yml'],
    ['shop', 'modules/b.yaml'],
  ])
  expect([...definitions('modules/b.yaml').files.keys()]).toEqual(['shop'])
  expect([...definitions(join(dir, 'modules')).files.keys()]).toEqual(['a', 'shop'])
})

test('a file that is not there, or is no text, is named', () => {
  write({ 'tidemark.yaml': PROJECT, 'modules/a.yaml': new Uint8Array([0xff, 0xfe, 0x6d, 0]), 'empty/x.txt': '' })
  expect(() => definitions('modules/none.yaml')).toThrow(/^TM1010 .*modules.none\.yaml does not exist/)
  expect(() => definitions('empty')).toThrow(/^TM1010 .*empty holds no YAML file/)
  expect(() => definitions()).toThrow(/^TM1010 .*modules\/a\.yaml is not UTF-8/)
})
