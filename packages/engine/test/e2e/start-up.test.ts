/** What a command loads, and where compiled code is kept: start-up time is spent there. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { emptyProject, FLOW_YAML, PROJECT_YAML, type Project } from './project.ts'

/** Run before the program; writes the address of every module that it loaded, one a line. */
const TRACE = `data:text/javascript,${encodeURIComponent(`
  import { writeFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  } })
  process.on('exit', () => writeFileSync('loaded.txt', loaded.join('\\n')))`)}`

async function loadedBy(project: Project, ...argv: readonly string[]): Promise<readonly string[]> {
  project.write('loaded.txt', '')
  const { exit, err } = await project.child(argv, { NODE_OPTIONS: `--import=${TRACE}` }).ended
  expect({ exit, err: exit === 0 ? '' : err }).toEqual({ exit: 0, err: '' })
  const loaded = readFileSync(project.path('loaded.txt'), 'utf8').split('\n')
  expect(loaded.some((url) => url.endsWith('/cli/main.ts'))).toBe(true)
  return loaded
}

const dialectsOf = (loaded: readonly string[]) => [
  // statements that all of them share are no dialect
  ...new Set(loaded.flatMap((url) => /\/src\/dialects\/(?!relational)(\w+)\//.exec(url)?.[1] ?? [])),
]
/** SQL Server's client brings Azure's packages along: a third of a second. */
const clientsOf = (loaded: readonly string[]) =>
  loaded.filter((url) => /\/node_modules\/(tedious|@azure|pg)\//.test(url))
const isDriver = (url: string) => /\/src\/drivers\/(?!sqlite)|@duckdb/.test(url)

test('a run loads the dialect of its flow and no other, and a look at the ledger loads none', async () => {
  await using project = emptyProject({ 'tidemark.yaml': PROJECT_YAML, 'modules/m.yaml': FLOW_YAML })
  await project.duckdb(
    'data/a.duckdb',
    "CREATE TABLE src AS SELECT 1 AS id, TIMESTAMP '2026-01-01 00:00:00' AS modified_on",
  )
  await project.duckdb('data/b.duckdb')
  for (const _ of ['first', 'nothing to do']) {
    const loaded = await loadedBy(project, 'run', '--all')
    expect({ dialects: dialectsOf(loaded), clients: clientsOf(loaded) }).toEqual({ dialects: ['duckdb'], clients: [] })
  }
  for (const argv of [['status'], ['runs'], ['watermarks'], ['check'], ['--version'], ['--help']]) {
    const loaded = await loadedBy(project, ...argv)
    expect({
      argv,
      loaded: [
        ...clientsOf(loaded),
        ...loaded.filter((url) => isDriver(url) || /\/src\/(dialects\/\w+|demo)\//.test(url)),
      ],
    }).toEqual({
      argv,
      loaded: [],
    })
  }
})

test("compiled code is kept in the user's own cache folder, and an unusable one is no error", async () => {
  await using project = emptyProject({ 'a-file': '' })
  const kept = await project.child(['--version'], { XDG_CACHE_HOME: project.path('cache') }).ended
  expect(kept.exit).toBe(0)
  expect(project.exists('cache/tidemark/compiled')).toBe(true)
  const unusable = await project.child(['--version'], { XDG_CACHE_HOME: project.path('a-file') }).ended
  expect(unusable).toMatchObject({ exit: 0, out: kept.out, err: '' })
})
