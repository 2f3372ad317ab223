/**
 * What a user gets: both packages packed, installed from their tarballs into an empty folder, and run there. Slow, and
 * it asks the registry for the dependencies, so it is a suite of its own: `npm run test:pack`.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const exec = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../../../..')
const nodeFolder = path.dirname(process.execPath)

let folder = ''
let tarballs: readonly string[] = []

/** Runs a program in the user's folder under the Node that runs this test; a failure shows all of its output. */
async function run(file: string, args: readonly string[], cwd = folder): Promise<string> {
  const env = { ...process.env, PATH: `${nodeFolder}${path.delimiter}${process.env['PATH'] ?? ''}` }
  const work = exec(file, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 })
  work.child.stdin?.end()
  const { stdout } = await work
  return stdout
}

const tidemark = (...args: string[]) => run(path.join(folder, 'node_modules', '.bin', 'tidemark'), args)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tidemark-pack-'))
  await run(process.execPath, [path.join(root, 'scripts', 'build.mjs')], root)
  const workspaces = ['--workspace', '@tidemark/contract', '--workspace', 'tidemark']
  await run('npm', ['pack', ...workspaces, '--pack-destination', folder], root)
  tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', [...install, ...tarballs.map((name) => `./${name}`)])
})

afterAll(async () => {
  if (folder !== '') await rm(folder, { recursive: true, force: true })
})

test('two tarballs hold the build and the licence, no sources and no tests', async () => {
  expect(tarballs).toHaveLength(2)
  for (const name of ['tidemark', '@tidemark/contract']) {
    const files = await readdir(path.join(folder, 'node_modules', name), { recursive: true })
    expect(files).toContain('LICENSE')
    expect(files.filter((file) => /(^src$|\.test\.|(?<!\.d)\.ts$)/.test(file))).toEqual([])
  }
})

test('what is copied into the build is loaded from nowhere else, and its licences come along', async () => {
  const { dependencies } = JSON.parse(
    await readFile(path.join(folder, 'node_modules/tidemark/package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> }
  const licences = await readFile(path.join(folder, 'node_modules/tidemark/dist/LICENSES-OF-OTHERS.txt'), 'utf8')
  const copied = [...licences.matchAll(/^=== (\S+) /gm)].map(([, name]) => name)
  expect(copied).toEqual(['@duckdb/node-api', 'aws4fetch', 'commander', 'yaml', 'zod'])
  expect(Object.keys(dependencies).filter((name) => copied.includes(name))).toEqual([])
  expect(licences.match(/^Permission (is hereby granted|to use, copy)/gm)).toHaveLength(copied.length)
  const dist = path.join(folder, 'node_modules/tidemark/dist')
  const built = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith('.js'))
  const texts = await Promise.all(built.map((file) => readFile(path.join(dist, file), 'utf8')))
  for (const name of copied) expect(texts.filter((text) => text.includes(`from "${name}`))).toEqual([])
})

test('the installed command knows its version', async () => {
  const manifest = JSON.parse(await readFile(path.join(root, 'packages/engine/package.json'), 'utf8')) as {
    version: string
  }
  expect((await tidemark('--version')).trim()).toContain(manifest.version)
})

test('the installed packages can be imported, with their types', async () => {
  const source = [
    "import type { RunDocument } from '@tidemark/contract/api'",
    "import { parseRunId } from '@tidemark/contract/ids'",
    "import * as tidemark from 'tidemark'",
    'export type Runs = RunDocument',
    "process.stdout.write([parseRunId('r-00000'), Object.keys(tidemark).length > 0].join())",
    '',
  ].join('\n')
  await writeFile(path.join(folder, 'use.ts'), source)
  expect(await run(process.execPath, ['use.ts'])).toBe('r-00000,true')
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--skipLibCheck']
  const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules/@types')]
  await run(process.execPath, [tsc, ...options, ...types, 'use.ts'])
})

test('the installed command plays the demo on a folder of the user', async () => {
  for (const part of ['letters', 'letters/2025', 'letters/2026/spring', 'plans']) {
    await mkdir(path.join(folder, 'files', part), { recursive: true })
    for (const n of [1, 2, 3])
      await writeFile(path.join(folder, 'files', part, `page-${n}.txt`), `${part} ${n}\n`.repeat(n))
  }
  expect(await tidemark('demo', '--files', 'files')).not.toBe('')
})

test('the installed command reaches out to a SQL Server, by a client that is a package beside it', async () => {
  const installed = JSON.parse(await readFile(path.join(folder, 'node_modules/tedious/package.json'), 'utf8')) as object
  const manifest = JSON.parse(await readFile(path.join(root, 'packages/engine/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect(installed).toMatchObject({ version: manifest.dependencies['tedious'] })
  await mkdir(path.join(folder, 'office'))
  // nobody answers there
  const office =
    'office: { kind: sqlserver, host: 127.0.0.1, port: 1, database: d, login: entra-token, token: file:token }'
  await writeFile(path.join(folder, 'office/tidemark.yaml'), `project: office\nconnections:\n  ${office}\n`)
  await writeFile(path.join(folder, 'office/token'), 'x')
  const told = await tidemark('discover', 'office', '--project', 'office').catch(
    (error: { stderr: string }) => error.stderr,
  )
  expect(told).toMatch(/^TM2001 cannot open: 127\.0\.0\.1:1\/d: connect ECONNREFUSED/)
})
