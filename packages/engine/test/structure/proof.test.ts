import path from 'node:path'
import { expect, test } from 'vitest'
import { FILES, ROOT, read } from './repository.ts'

const upTo = (letter: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, i) => `${letter}${i + 1}`)

/** What the design and its issues promise, and the kinds of bad input: each line needs a test. */
const LINES: readonly string[] = [
  ...upTo('G', 13),
  ...upTo('S', 42),
  'S53',
  ...upTo('B', 17),
  ...upTo('E', 8),
  ...upTo('O', 5),
  ...upTo('X', 7),
  ...upTo('K', 8),
  ...upTo('L', 23),
  ...upTo('P', 6),
  ...upTo('D', 8),
]

const TESTS = FILES.filter((file) => /^packages\/.*(\.test\.ts|\/test\/.*\.ts)$/.test(file))

/** `test('…'`, `it('…'`, `test.each(…)('…'` and `test.for(…)('…'`; as written, placeholders included. */
const TITLE =
  /(?:(?<![\w.])(?:test|it)\s*|\.(?:each|for)(?:<.*>)?\(.*\)|^\](?: as const)?\))\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,/gm
const titles = new Set(
  TESTS.flatMap((file) => [...read(file).matchAll(TITLE)].map((m) => (m[2] ?? '').replaceAll(/\\(.)/g, '$1'))),
)

interface ProofRow {
  readonly id: string
  readonly tests: readonly string[]
}

const rows: readonly ProofRow[] = read('docs/proof.md')
  .split('\n')
  .flatMap((line) => {
    const [, id, , tests] = line.split('|').map((cell) => cell.trim())
    return id && /^[A-Z]\d+$/.test(id)
      ? [{ id, tests: [...(tests ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '') }]
      : []
  })

test('the proof names only tests that exist', () => {
  const invented = rows.flatMap(({ id, tests }) =>
    tests.filter((title) => !titles.has(title)).map((title) => `${id}: ${title}`),
  )
  expect(invented).toEqual([])
})

test('every guarantee and every line of the proof has a test', () => {
  const proven = new Set(rows.filter(({ tests }) => tests.length > 0).map(({ id }) => id))
  expect(LINES.filter((id) => !proven.has(id))).toEqual([])
  expect(rows.map(({ id }) => id).filter((id, i, all) => !LINES.includes(id) || all.indexOf(id) !== i)).toEqual([])
})

interface Mutant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly test: readonly [file: string, title: string]
}
const { MUTANTS } = (await import(path.join(ROOT, 'scripts/mutants/table.mjs'))) as {
  readonly MUTANTS: readonly Mutant[]
}

/** A title as it runs, of one that has placeholders. */
const patterns = [...titles]
  .filter((title) => /%[sidj]|\$\w/.test(title))
  .map((title) => {
    const parts = title.split(/%[sidj]|\$\w+/).map((part) => RegExp.escape(part))
    return new RegExp(`^${parts.join('.+')}$`)
  })

test('every mutant names a test that exists', () => {
  const isThere = (title: string): boolean => titles.has(title) || patterns.some((pattern) => pattern.test(title))
  expect(MUTANTS.filter(({ test: [, title] }) => !isThere(title)).map(({ name }) => name)).toEqual([])
})

test('the text that every mutant changes stands in the sources, once', () => {
  const times = ({ file, find }: Mutant): number => read(`packages/engine/${file}`).split(find).length - 1
  expect(MUTANTS.filter((m) => times(m) !== 1).map((m) => `${m.name}: ${times(m)} times in ${m.file}`)).toEqual([])
})
