/** The same through the real command line: TIDEMARK_FAILPOINT kills it, the next command goes on. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { type Ended, startCli } from '../support/child-process.ts'
import { rows, TABLE } from '../support/flat.ts'

const LIMITS = { memoryBytes: null, threads: 2, tempDir: null }

const PROJECT = `project: crash
control: sqlite:.tidemark/control.db
connections:
  shop: { kind: duckdb, path: shop.duckdb }
  lake: { kind: duckdb, path: lake.duckdb }
`
const MODULE = `module: m
tasks:
  - id: t
    order: 1
    flow:
      source: { connection: shop, table: src }
      target: { connection: lake, table: dst }
      key: [id]
      capture: { kind: watermark, position: modified_on, clock: utc, buffer: 0s }
      apply: latest
      batch: { rows: 2 }
`

interface Shop extends AsyncDisposable {
  readonly dir: string
  /** `tidemark ARGS`, dying at the failpoint. */
  tidemark(args: readonly string[], failpoint?: string): Promise<Ended>
  target(query: string): Promise<readonly (readonly (string | null)[])[]>
}

async function openShop(): Promise<Shop> {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-'))
  mkdirSync(join(dir, 'modules'))
  writeFileSync(join(dir, 'tidemark.yaml'), PROJECT)
  writeFileSync(join(dir, 'modules/m.yaml'), MODULE)
  const open = async (
    name: string,
    mode: 'read' | 'write',
    work: (run: (text: string) => Promise<readonly (readonly (string | null)[])[]>) => Promise<void>,
  ) => {
    await using file = await openDuckdbFile(join(dir, name), mode, LIMITS)
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    await work((text) => session.rows(text))
    await session.run('USE memory')
  }
  await open('shop.duckdb', 'write', async (run) => {
    for (const statement of [TABLE, rows(10)]) await run(statement)
  })
  return {
    dir,
    tidemark: async (args, failpoint) => {
      await using child = startCli(dir, args, failpoint ?? null)
      return await child.ended
    },
    target: async (query) => {
      let found: readonly (readonly (string | null)[])[] = []
      await open('lake.duckdb', 'read', async (run) => void (found = await run(query)))
      return found
    },
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(dir, { recursive: true })),
  }
}

interface RunsJson {
  readonly runs: readonly {
    readonly run: string
    readonly status: string
    readonly rows: { readonly inserted: number }
  }[]
}

const runsOf = (ended: Ended): RunsJson['runs'] => {
  expect(ended, ended.stderr).toMatchObject({ code: 0 })
  return (JSON.parse(ended.stdout) as RunsJson).runs
}

const whole = async (shop: Shop): Promise<void> => {
  expect(await shop.target('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['10', '10']])
  expect(runsOf(await shop.tidemark(['run', 'm.t', '--json']))).toMatchObject([{ status: 'nothing_to_do' }])
  expect(readdirSync(join(shop.dir, '.tidemark'), { recursive: true }).filter((f) => String(f).includes('r-'))).toEqual(
    [],
  )
}

test.for([
  'plan:stored',
  'capture:stored',
  'batch:before-commit:3',
  'batch:after-commit:2',
  'settle:before',
  'settle:target-done',
])('tidemark run dies at %s, and the next tidemark run goes on with it', async (failpoint) => {
  await using shop = await openShop()
  expect(await shop.tidemark(['run', 'm.t', '--deploy'], failpoint)).toMatchObject({ signal: 'SIGKILL' })
  const runs = runsOf(await shop.tidemark(['run', 'm.t', '--json']))
  expect(runs).toMatchObject([{ status: 'succeeded', rows: { inserted: 10 } }, { status: 'nothing_to_do' }])
  await whole(shop)
})

test.for(['batch:staged:2', 'batch:recorded:4'])(
  'tidemark run dies at %s, and tidemark resume --last ends it',
  async (failpoint) => {
    await using shop = await openShop()
    expect(await shop.tidemark(['run', 'm.t', '--deploy'], failpoint)).toMatchObject({ signal: 'SIGKILL' })
    expect(runsOf(await shop.tidemark(['resume', '--last', '--json']))).toMatchObject([
      { status: 'succeeded', rows: { inserted: 10 } },
    ])
    await whole(shop)
  },
)

test('tidemark run dies right after it settled: its run stands, and the next one sweeps what it left', async () => {
  await using shop = await openShop()
  expect(await shop.tidemark(['run', 'm.t', '--deploy'], 'settle:after')).toMatchObject({ signal: 'SIGKILL' })
  expect(await shop.tidemark(['resume', '--last', '--json'])).toMatchObject({ code: 2 })
  await whole(shop)
})

test('a run that died can be cancelled by the command line, and resumed afterwards', async () => {
  await using shop = await openShop()
  expect(await shop.tidemark(['run', 'm.t', '--deploy'], 'batch:recorded:2')).toMatchObject({ signal: 'SIGKILL' })
  const [run] = JSON.parse((await shop.tidemark(['runs', '--json'])).stdout).runs as RunsJson['runs']
  expect(await shop.tidemark(['cancel', run?.run ?? ''])).toMatchObject({ code: 0 })
  expect(JSON.parse((await shop.tidemark(['runs', '--json'])).stdout)).toMatchObject({
    runs: [{ run: run?.run, status: 'cancelled' }],
  })
  expect(runsOf(await shop.tidemark(['resume', run?.run ?? '', '--json']))).toMatchObject([{ status: 'succeeded' }])
  await whole(shop)
})
