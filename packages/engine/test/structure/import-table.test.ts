import path from 'node:path'
import { expect, test } from 'vitest'
import { type Import, importsOf, SHIPPED } from './repository.ts'

interface Layer {
  readonly may: readonly string[]
  /** only with `import type`: implementations arrive as arguments */
  readonly typesOf?: readonly string[]
}

const SUBSYSTEM: Layer = { may: ['run', 'plan', 'capture', 'lane', 'apply', 'control', 'dialects', 'runtime'] }
const SUBSYSTEMS = ['snapshot', 'milestone', 'handoff', 'platforms', 'orchestrate', 'verify']
const ENTRY: Layer = { may: ['app', 'runtime'] }

/** Folder of packages/engine/src → folders it may import, besides itself and `@tidemark/contract`. */
const TABLE: Readonly<Record<string, Layer>> = {
  runtime: { may: [] },
  drivers: { may: ['runtime'] },
  dialects: { may: ['drivers', 'runtime'] },
  control: { may: ['drivers', 'runtime'] }, // not dialects: a fault in a data dialect must not touch the ledger
  definition: { may: ['runtime'], typesOf: ['control', 'dialects'] },
  discover: { may: ['definition', 'runtime'], typesOf: ['dialects'] },
  plan: { may: ['runtime'], typesOf: ['control', 'dialects', 'capture'] },
  capture: { may: ['dialects', 'runtime'] },
  lane: { may: ['dialects', 'runtime'] },
  apply: { may: ['dialects', 'runtime'] },
  run: { may: ['plan', 'capture', 'lane', 'apply', 'control', 'dialects', 'runtime'] },
  ...Object.fromEntries(SUBSYSTEMS.map((name) => [name, SUBSYSTEM])),
  app: { may: ['definition', 'discover', 'drivers', ...SUBSYSTEMS, ...SUBSYSTEM.may] },
  cli: { may: ['app', 'demo', 'runtime'] },
  demo: { may: ['app', 'definition', 'drivers', 'runtime'] },
  server: ENTRY,
  scheduler: ENTRY,
  /** index.ts: what the package exports as a library */
  '.': ENTRY,
}

const ENGINE = 'packages/engine/src/'
const folderOf = (file: string): string => {
  const [first = '', ...rest] = file.slice(ENGINE.length).split('/')
  return rest.length === 0 ? '.' : first
}
const resolve = (i: Import): string => path.posix.join(path.posix.dirname(i.file), i.specifier)
const engineImports = SHIPPED.filter((file) => file.startsWith(ENGINE)).flatMap(importsOf)

test('every folder of the engine has a row in the import table', () => {
  const folders = new Set(SHIPPED.filter((file) => file.startsWith(ENGINE)).map(folderOf))
  expect([...folders].filter((folder) => !(folder in TABLE))).toEqual([])
})

test('every import of the engine goes down the import table', () => {
  const wrong = engineImports.flatMap((i) => {
    if (!i.specifier.startsWith('.')) return []
    const target = resolve(i)
    if (!target.startsWith(ENGINE)) return [`${i.file} leaves its package: ${i.specifier}`]
    const [from, to] = [folderOf(i.file), folderOf(target)]
    const layer = TABLE[from]
    if (from === to || layer?.may.includes(to)) return []
    if (!layer?.typesOf?.includes(to)) return [`${i.file}: ${from} → ${to}`]
    return i.typeOnly ? [] : [`${i.file}: ${from} → ${to} only with "import type"`]
  })
  expect(wrong).toEqual([])
})

test('contract is neutral: it imports zod and itself', () => {
  const wrong = SHIPPED.filter((file) => file.startsWith('packages/contract/'))
    .flatMap(importsOf)
    .filter((i) => i.specifier !== 'zod')
    .filter((i) => !i.specifier.startsWith('.') || !resolve(i).startsWith('packages/contract/src/'))
  expect(wrong.map((i) => `${i.file}: ${i.specifier}`)).toEqual([])
})

test('the console talks to the engine only through contract', () => {
  const wrong = SHIPPED.filter((file) => file.startsWith('packages/console/'))
    .flatMap(importsOf)
    .filter(
      (i) =>
        i.specifier.startsWith('node:') ||
        /^tidemark(\/|$)/.test(i.specifier) ||
        (i.specifier.startsWith('.') && !resolve(i).startsWith('packages/console/src/')),
    )
  expect(wrong.map((i) => `${i.file}: ${i.specifier}`)).toEqual([])
})

test('database packages are imported in drivers alone', () => {
  const DATABASE = /^(node:sqlite|@duckdb\/.*|pg|pg-copy-streams|tedious|@databricks\/.*|trino-client|aws4fetch)$/
  const wrong = engineImports.filter((i) => DATABASE.test(i.specifier) && folderOf(i.file) !== 'drivers')
  expect(wrong.map((i) => `${i.file}: ${i.specifier}`)).toEqual([])
})

test('a package is imported through its own door, never by a path into its sources', () => {
  const wrong = engineImports.filter(
    (i) =>
      /^@tidemark\/contract($|.*(\/src\/|\.ts$))/.test(i.specifier) &&
      !/^@tidemark\/contract\/[\w-]+$/.test(i.specifier),
  )
  expect(wrong.map((i) => `${i.file}: ${i.specifier}`)).toEqual([])
})
