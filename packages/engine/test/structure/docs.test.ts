import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FILES, ROOT, read } from './repository.ts'

const DOCS = FILES.filter((file) => /^docs\/.*\.md$|^(README|CONTRIBUTING|SECURITY|CHANGELOG)\.md$/.test(file))

/** Folders from which a doc may name a path: `run/settle.ts` is short for packages/engine/src/run/settle.ts. */
const BASES = [
  '',
  'packages',
  'packages/contract/src',
  'packages/engine',
  'packages/engine/src',
  'packages/engine/test',
  'docs',
]
const TOP = new Set(['packages', 'docs', 'scripts', 'examples', 'bench', '.ci', 'src', 'test', 'bin'])
const names = new Set(FILES.map((file) => file.slice(file.lastIndexOf('/') + 1)))

/** Prose without fenced blocks: those hold transcripts of users' projects. */
const proseOf = (file: string): string => read(file).replace(/^ *```[\s\S]*?^ *```/gm, '')

function existsUnder(bases: readonly string[], name: string): boolean {
  return bases.some((base) => existsSync(path.join(ROOT, base, name)))
}

/** Code and pages of ours; a path to a user's YAML, CSV or database file is none of them. */
function isBroken(name: string): boolean {
  if (!/^\.?[\w@][\w.@/-]*$/.test(name)) return false
  const ours = /\.(tsx?|mjs|js|md|sql)$/.test(name)
  if (!name.includes('/')) return ours && !names.has(name) && !existsUnder(BASES, name)
  const inOurFolder = TOP.has(name.slice(0, name.indexOf('/')))
  return (ours || inOurFolder) && !existsUnder(BASES, name)
}

/** As the usual renderers make them from headings. */
const anchorsOf = (file: string): ReadonlySet<string> =>
  new Set(
    [...read(file).matchAll(/^#+ +(.+)$/gm)].map((m) =>
      (m[1] ?? '')
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

test('every path in backticks in the docs exists', () => {
  const broken = DOCS.flatMap((doc) =>
    [...proseOf(doc).matchAll(/`([^`\n]+)`/g)]
      .map((m) => m[1] ?? '')
      .filter(isBroken)
      .map((name) => `${doc}: ${name}`),
  )
  expect(broken).toEqual([])
})

/** `name`, `another` and `third` in `file.ts` */
const PLACED = /((?:`#?[A-Za-z]\w*`(?:, | and )?)+) in `([\w.-]+\/[\w./-]+\.ts)`/g

test('what the docs place in a file stands there', () => {
  const misplaced = DOCS.flatMap((doc) =>
    [...proseOf(doc).replaceAll(/\s+/g, ' ').matchAll(PLACED)].flatMap(([, listed = '', name = '']) => {
      const file = BASES.map((base) => path.posix.join(base, name)).find((x) => existsSync(path.join(ROOT, x)))
      const text = file === undefined ? '' : read(file)
      const things = [...listed.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '')
      return things.filter((thing) => !text.includes(thing)).map((thing) => `${doc}: ${thing} in ${name}`)
    }),
  )
  expect(misplaced).toEqual([])
})

test('every link in the docs leads to a file and a heading that exist', () => {
  const broken = DOCS.flatMap((doc) =>
    [...proseOf(doc).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((m) => {
      const link = m[1] ?? ''
      if (/^[a-z]+:/.test(link)) return []
      const [target = '', anchor] = link.split('#')
      const file = target === '' ? doc : path.posix.join(path.posix.dirname(doc), target)
      if (!existsSync(path.join(ROOT, file))) return [`${doc}: ${link}`]
      return anchor === undefined || !file.endsWith('.md') || anchorsOf(file).has(anchor) ? [] : [`${doc}: ${link}`]
    }),
  )
  expect(broken).toEqual([])
})

test('the docs name no line numbers', () => {
  const numbered = DOCS.flatMap((doc) =>
    [...read(doc).matchAll(/[\w/-]+\.(?:tsx?|mjs|js|sql)(?::|#L)\d+/g)].map((m) => `${doc}: ${m[0]}`),
  )
  expect(numbered).toEqual([])
})
