import { expect, test } from 'vitest'
import { codeOf, read, SHIPPED, SOURCES } from './repository.ts'

const MAX_LINES = 500

/** `file: the line`, for every line of code that matches. */
const hits = (files: readonly string[], pattern: RegExp): readonly string[] =>
  files.flatMap((file) =>
    codeOf(file)
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  )

test('no source file is longer than 500 lines', () => {
  const long = SOURCES.map((file) => ({ file, lines: read(file).trimEnd().split('\n').length })).filter(
    (f) => f.lines > MAX_LINES,
  )
  expect(long).toEqual([])
})

test('file names are kebab-case and say what is inside', () => {
  const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.sql|\.test|\.d)?\.tsx?$/
  const DRAWER = /^(utils?|helpers?|lib|misc|common|types)\.tsx?$/
  const INDEX = /^packages\/engine\/src\/(index|dialects\/[a-z0-9]+\/index)\.ts$/
  /** every dialect folder has the same file names; `types.ts` maps its types */
  const DIALECT = /^packages\/engine\/src\/dialects\/[a-z0-9]+\//
  const wrong = SOURCES.filter((file) => {
    const name = file.slice(file.lastIndexOf('/') + 1)
    if (!KEBAB.test(name)) return true
    if (/^index\.tsx?$/.test(name)) return !INDEX.test(file)
    return DRAWER.test(name) && !DIALECT.test(file)
  })
  expect(wrong).toEqual([])
})

test('two tests never share a title', () => {
  const TITLE =
    /(?<![\w.])(?:test|it)(?:\.(?:only|skip|todo|concurrent|sequential|fails))*\s*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  const places = new Map<string, string[]>()
  for (const file of SOURCES) {
    if (!/\.test\.ts$|\/test\//.test(file)) continue
    for (const match of codeOf(file).matchAll(TITLE)) {
      const title = match[2] ?? ''
      places.set(title, [...(places.get(title) ?? []), file])
    }
  }
  expect(places.size).toBeGreaterThan(0)
  expect([...places].filter(([, files]) => files.length > 1)).toEqual([])
})

test('the environment is read in runtime/config.ts alone', () => {
  const others = SHIPPED.filter((file) => file !== 'packages/engine/src/runtime/config.ts')
  expect(hits(others, /\bprocess\s*(\.|\?\.|\[)\s*['"]?env\b|\benv\b.*from 'node:process'/)).toEqual([])
})

test('a dialect is told by its name in dialects/registry.ts alone', () => {
  const KIND = `(['"\`])(duckdb|postgres|sqlserver|trino|databricks|files)\\1`
  const others = SHIPPED.filter(
    (file) => file.startsWith('packages/engine/src/') && !file.endsWith('/dialects/registry.ts'),
  )
  expect(hits(others, new RegExp(`\\bcase\\s+${KIND}|[!=]==?\\s*${KIND}`))).toEqual([])
})

test("no clock of JavaScript: times are Temporal or the store's", () => {
  expect(hits(SHIPPED, /\bnew Date\b|\bDate\.(now|parse|UTC)\b/)).toEqual([])
})

test('no test is switched off or run alone', () => {
  const tests = SOURCES.filter((file) => file.endsWith('.test.ts') && !file.includes('/test/structure/'))
  expect(hits(tests, /\b(test|it|describe)\.(only|skip|todo)\b/)).toEqual([])
})
