/**
 * `npm run test:mutants`: switches off one safeguard at a time, in a copy of the sources, and expects the named test
 * to fail. A mutant that survives means that nothing holds its safeguard. `-- WORD …` plays only mutants whose name
 * has one of the words.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutants/table.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const COPIES = 2
const ENGINE = 'packages/engine'

const words = process.argv.slice(2)
const chosen = MUTANTS.filter((m) => words.length === 0 || words.some((w) => m.name.includes(w)))
if (chosen.length === 0) stop(`no mutant has one of the words ${words.join(', ')} in its name`)
const startedAt = performance.now()
checkTable()

const copies = Array.from({ length: COPIES }, makeCopy)
const removeCopies = () => copies.forEach((copy) => rmSync(copy, { recursive: true, force: true }))
process.on('exit', removeCopies)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const unchanged = await inTurns(byFile(chosen), async (copy, [file, titles]) => {
  const { missing, output } = await play(copy, file, titles)
  return missing.length === 0 ? null : `${missing.map((title) => `${file}: ${title}`).join('\n')}\n${output}`
})
const broken = unchanged.filter((problem) => problem !== null)
if (broken.length > 0) stop(`these do not pass with every safeguard on:\n${broken.join('\n')}`)
process.stdout.write(`${chosen.length} mutants; their tests pass with every safeguard on (${seconds(startedAt)} s)\n\n`)

const width = Math.max(...chosen.map((m) => m.name.length))
const results = await inTurns(chosen, async (copy, mutant) => {
  const at = performance.now()
  const { failed, output } = await withMutant(copy, mutant, () => play(copy, mutant.test[0], [mutant.test[1]]))
  const killed = failed.length === 1
  process.stdout.write(
    `${killed ? 'killed  ' : 'SURVIVED'} ${mutant.name.padEnd(width)}  ${seconds(at).padStart(4)} s  ${mutant.test[1]}\n`,
  )
  if (!killed) process.stdout.write(`${output}\n`)
  return killed
})
const survivors = results.filter((killed) => !killed).length
process.stdout.write(`\n${results.length - survivors} passed, ${survivors} failed (${seconds(startedAt)} s)\n`)
process.exitCode = survivors === 0 ? 0 : 1

/** A table that no longer fits the code fails here, before anything runs. */
function checkTable() {
  const problems = chosen.flatMap(({ name, file, find, replace }) => {
    const times = readFileSync(path.join(root, ENGINE, file), 'utf8').split(find).length - 1
    return [
      ...(times === 1 ? [] : [`${name}: its text occurs ${times} times in ${file}, not once`]),
      ...(find === replace ? [`${name}: changes nothing`] : []),
    ]
  })
  if (problems.length > 0) stop(problems.join('\n'))
}

/** The sources, with links to what is installed; the workspace's own packages are those of the copy. */
function makeCopy() {
  const copy = mkdtempSync(path.join(tmpdir(), 'tidemark-mutants-'))
  const notOurs = (file) => !['node_modules', 'dist', '.tidemark'].includes(path.basename(file))
  for (const name of [
    'packages',
    'scripts',
    'docs',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
    'tsconfig.base.json',
  ])
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true, filter: notOurs })
  const installed = path.join(root, 'node_modules')
  const links = path.join(copy, 'node_modules')
  mkdirSync(path.join(links, '@tidemark'), { recursive: true })
  for (const name of readdirSync(installed)) {
    if (name === '@tidemark' || name === 'tidemark' || name === '.vite') continue
    symlinkSync(path.join(installed, name), path.join(links, name))
  }
  symlinkSync(path.join(copy, 'packages/contract'), path.join(links, '@tidemark/contract'))
  symlinkSync(path.join(copy, ENGINE), path.join(links, 'tidemark'))
  return copy
}

async function withMutant(copy, { file, find, replace }, work) {
  const place = path.join(copy, ENGINE, file)
  const text = readFileSync(place, 'utf8')
  writeFileSync(place, text.split(find).join(replace))
  try {
    return await work()
  } finally {
    writeFileSync(place, text)
  }
}

/** Plays the named tests of one file. A test that did not run at all neither passed nor failed. */
async function play(copy, file, titles) {
  const report = path.join(copy, 'report.json')
  rmSync(report, { force: true })
  const pattern = titles.map((title) => `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`).join('|')
  const args = [
    path.join(copy, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    file.startsWith('test/live/') ? 'live' : 'fast',
    `${ENGINE}/${file}`,
    '-t',
    pattern,
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const output = await run(process.execPath, args, copy)
  const results = readReport(report)
  const withStatus = (status) => titles.filter((title) => results.some((r) => r.title === title && r.status === status))
  const passed = withStatus('passed')
  return { failed: withStatus('failed'), missing: titles.filter((title) => !passed.includes(title)), output }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap((f) => f.assertionResults)
  } catch (error) {
    if (error.code === 'ENOENT') return [] // vitest ended before any test: its output says why
    throw error
  }
}

/** What it wrote; how it ended is told by the report. */
function run(command, args, cwd) {
  const { promise, resolve, reject } = Promise.withResolvers()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  child.on('error', reject)
  child.on('close', () => resolve(output))
  return promise
}

/** Each copy takes the next item; results in the order of the items. */
async function inTurns(items, work) {
  const results = []
  let next = 0
  await Promise.all(
    copies.map(async (copy) => {
      while (next < items.length) {
        const i = next++
        results[i] = await work(copy, items[i])
      }
    }),
  )
  return results
}

function byFile(mutants) {
  const files = new Map()
  for (const {
    test: [file, title],
  } of mutants)
    files.set(file, [...new Set([...(files.get(file) ?? []), title])])
  return [...files]
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function stop(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
