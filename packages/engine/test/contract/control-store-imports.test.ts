import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const CONTRACT = join(import.meta.dirname, '../../../contract/src')

/** Every module that opening a store loads; type imports load nothing. */
function loadedBy(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const code = readFileSync(file, 'utf8')
    for (const [, type, specifier = ''] of code.matchAll(
      /^import\s+(type\s)?[^'"]*['"]([^'"]+)['"]|^\s+.*\bimport\('([^']+)'\)/gm,
    )) {
      if (type !== undefined) continue
      if (specifier.startsWith('.')) visit(join(dirname(file), specifier))
      else if (specifier.startsWith('@tidemark/contract/')) visit(join(CONTRACT, `${specifier.slice(19)}.ts`))
      else packages.add(specifier)
    }
  }
  visit(entry)
  return { files, packages }
}

test('opening a store loads nothing but Node and a few small files', () => {
  const { files, packages } = loadedBy(join(import.meta.dirname, '../../src/control/sql/sqlite/open-sqlite-store.ts'))
  expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([])
  expect(files.size).toBeLessThan(70)
})
