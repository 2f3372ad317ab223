/** Every example, played by the real `npm run example` program, and its comparison on a target that is not right. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempDisposableSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listExamples } from '../../../../examples/play/list-examples.ts'
import { Stage } from '../../../../examples/play/stage.ts'
import { Narrator } from '../../src/demo/narrator.ts'
import { IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { HAS_CHROMIUM, openFilePage } from '../support/chromium.ts'
import { inTurn } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { PLAIN } from './tree-of-files.ts'

/** Where others keep the machine busy. */
const LONGEST_PLAY_MS = 900_000

const MAIN = path.resolve(import.meta.dirname, '../../../../examples/play/main.ts')

type Urls = Readonly<Record<string, string>>

async function example(
  argv: readonly string[],
  urls: Urls = {},
): Promise<{ exit: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--conditions=tidemark-source', MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TIDEMARK_TEST_SQLSERVER: undefined, ...urls },
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  return { exit: child.exitCode, out, err }
}

async function inDuckdb(file: string, ...statements: readonly string[]): Promise<void> {
  await using opened = await openDuckdbFile(file, 'write', { memoryBytes: 1024 ** 3, threads: null, tempDir: null })
  using session = await opened.session()
  if (file !== IN_MEMORY) await session.run(`USE "${opened.catalog}"`)
  for (const statement of statements) await session.run(statement)
  await session.run('USE memory')
}

interface Kept {
  readonly project: string
  readonly databases: Readonly<Record<string, TestDatabase>>
}

interface Example {
  readonly flow: string
  /** variables with URLs of its PostgreSQL databases */
  readonly variables: readonly string[]
  /** a row less, a row more, a value that differs: four differences */
  readonly damage: (kept: Kept) => Promise<void>
}

const ALL: Readonly<Record<string, Example>> = {
  'documents-tree': {
    flow: 'documents.files',
    variables: [],
    damage: ({ project }) =>
      inDuckdb(
        path.join(project, 'data/archive.duckdb'),
        "DELETE FROM documents WHERE path_locator = '/west/2026/12/letter 3.txt'",
        "INSERT INTO documents FROM documents WHERE path_locator = '/west/2026/12/letter 4.txt'",
        "UPDATE documents SET content = NULL WHERE path_locator = '/west/2026/12/letter 5.txt'",
      ),
  },
  'files-to-duckdb': {
    flow: 'shop.orders',
    variables: [],
    damage: ({ project }) =>
      inDuckdb(
        path.join(project, 'data/lake.duckdb'),
        'DELETE FROM orders WHERE order_id = 3',
        'INSERT INTO customers FROM customers WHERE customer_id = 4',
        'UPDATE orders SET note = NULL WHERE order_id = 1',
      ),
  },
  'filetable-blobs': {
    flow: 'north.client-attachment',
    variables: [],
    damage: ({ project }) =>
      inDuckdb(
        path.join(project, 'data/office.duckdb'),
        `DELETE FROM "North_FileTable.dbo".ReferralAttachment WHERE path_locator = '/1/1/3/4/'`,
        `INSERT INTO "South_FileTable.dbo".ClientAttachment
         SELECT stream_id, file_stream, name, path_locator, creation_time, last_write_time, is_directory
         FROM "South_FileTable.dbo".ClientAttachment WHERE path_locator = '/4/1/3/4/'`,
        `UPDATE "North_FileTable.dbo".ClientAttachment SET file_stream = NULL WHERE path_locator = '/2/1/3/4/'`,
      ),
  },
  'orders-snapshots': {
    flow: 'partner.orders',
    variables: [],
    damage: ({ project }) =>
      inDuckdb(
        path.join(project, 'data/lake.duckdb'),
        'DELETE FROM orders WHERE order_id = 102',
        'INSERT INTO orders FROM orders WHERE order_id = 903',
        "UPDATE orders SET line_20_note = 'NULL ' WHERE order_id = 1",
      ),
  },
  'postgres-to-parquet': {
    flow: 'lake.readings',
    variables: ['GRID_URL'],
    damage: ({ project }) => {
      const folder = path.join(project, 'data/lake/tariffs')
      const file = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.parquet')) ?? '')
      return inDuckdb(
        IN_MEMORY,
        `CREATE TABLE tariffs AS FROM read_parquet('${file}') WHERE tariff_id <> 7`,
        'INSERT INTO tariffs FROM tariffs WHERE tariff_id = 8',
        'UPDATE tariffs SET price = price + 0.00001 WHERE tariff_id = 9',
        `COPY tariffs TO '${file}'`,
      )
    },
  },
  'postgres-to-postgres': {
    flow: 'sales.orders',
    variables: ['SHOP_URL', 'WAREHOUSE_URL', 'CONTROL_URL'],
    damage: async ({ databases }) =>
      databases['WAREHOUSE_URL']?.exec(
        'DELETE FROM mirror.events WHERE event_id = 7',
        `INSERT INTO mirror.events SELECT event_id + 1000000, order_id, what, payload, happened_at FROM mirror.events WHERE event_id = 8`,
        "UPDATE mirror.orders SET note = '' WHERE order_id = 5",
      ),
  },
}

/** What `--on` names, of examples that play on other systems too. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, Example>>>> = {
  'orders-snapshots': {
    postgres: {
      flow: 'partner.orders',
      variables: ['LAKE_URL'],
      damage: async ({ databases }) =>
        databases['LAKE_URL']?.exec(
          'DELETE FROM orders WHERE order_id = 102',
          'CREATE TEMP TABLE more AS SELECT * FROM orders WHERE order_id = 903',
          'UPDATE more SET order_id = 9999',
          'INSERT INTO orders SELECT * FROM more',
          "UPDATE orders SET line_20_note = 'NULL ' WHERE order_id = 1",
        ),
    },
  },
}

const PLAYS: readonly (readonly [argv: string, example: Example])[] = [
  ...Object.entries(ALL),
  ...Object.entries(ELSEWHERE).flatMap(([name, systems]) =>
    Object.entries(systems).map(([system, example]) => [`${name} --on ${system}`, example] as const),
  ),
]

/** Whose plays are what a feature is shown by; of the others the gate plays some each day. */
const EVERY_DAY = ['orders-snapshots', 'filetable-blobs']

test.for(PLAYS)(
  'the example %s plays to its end with 0 differences, and finds those that there are',
  { timeout: LONGEST_PLAY_MS },
  async ([argv, { flow, variables, damage }], { skip }) => {
    if (!EVERY_DAY.includes(argv) && !inTurn(argv)) skip('on another day')
    using kept = mkdtempDisposableSync(path.join(os.tmpdir(), 'tidemark-example-'))
    await using opened = new AsyncDisposableStack()
    const databases: Record<string, TestDatabase> = {}
    for (const variable of variables) databases[variable] = opened.use(await TestDatabase.create('18'))
    const urls = Object.fromEntries(Object.entries(databases).map(([variable, { url }]) => [variable, url]))
    const played = await example([...argv.split(' '), '--keep', kept.path], urls)
    expect({ ...played, out: '' }).toEqual({ exit: 0, out: '', err: '' })
    expect(played.out).toContain('✓ 0 differences')
    expect(played.out).not.toContain('✗')
    const page = path.join(kept.path, 'data/report.html')
    if (argv.startsWith('orders-snapshots') && existsSync(page)) report = Promise.resolve(readFileSync(page, 'utf8'))

    await damage({ project: kept.path, databases })
    const again = await example(['--compare', kept.path])
    expect([again.exit, again.err]).toEqual([1, ''])
    expect(again.out).toContain('✗ 4 differences')

    const narrator = new Narrator(() => {}, PLAIN)
    const stage = new Stage({ project: kept.path, narrator, signal: new AbortController().signal })
    await expect(stage.did(flow, 'more rows than there were', { inserted: 123_456 })).rejects.toThrow(
      'more rows than there were',
    )
  },
)

/** The report of orders-snapshots; whoever needs it first plays. */
let report: Promise<string> | null = null
const playedReport = (): Promise<string> =>
  (report ??= (async () => {
    const kept = mkdtempSync(path.join(os.tmpdir(), 'tidemark-report-'))
    onTestFinished(() => rmSync(kept, { recursive: true, force: true }))
    expect(await example(['orders-snapshots', '--keep', kept])).toMatchObject({ exit: 0, err: '' })
    return readFileSync(path.join(kept, 'data/report.html'), 'utf8')
  })())

test.skipIf(!HAS_CHROMIUM)(
  'the report of orders-snapshots opens in Chromium: counts and rows are seen, nothing is asked for, nothing complains',
  async () => {
    using folder = mkdtempDisposableSync(path.join(os.tmpdir(), 'tidemark-report-'))
    const file = path.join(folder.path, 'report.html')
    writeFileSync(file, await playedReport())
    for (const scheme of ['light', 'dark'] as const) {
      await using opened = await openFilePage(file, { width: 1000, height: 1180, scheme })
      const { page, requests, complaints } = opened
      expect(await page.title()).toBe('What changed in partner.orders customer=alder')
      const seen = async (selector: string): Promise<readonly string[]> =>
        page.locator(`${selector}:visible`).allInnerTexts()
      expect(await seen('.counts div')).toEqual(['New\n3', 'Changed\n50', 'Deleted\n2', 'Unchanged\n148'])
      expect((await seen('.bars tbody th')).slice(0, 2)).toEqual(['total', 'line_01_discount'])
      const bars = page.locator('.bar')
      expect((await bars.first().boundingBox())?.width).toBeGreaterThan(
        ((await bars.last().boundingBox())?.width ?? 0) * 10,
      )
      expect(await seen('.row caption')).toHaveLength(5)
      expect((await seen('.row tr')).some((row) => row === 'line_07_unit_price\t0.1234\t0.1235')).toBe(true)
      expect(await seen('section[aria-labelledby=new] tbody tr')).toHaveLength(3)
      expect(await seen('section[aria-labelledby=deleted] tbody th')).toEqual(['300', '303'])
      // wide enough for a phone, and for paper
      await page.setViewportSize({ width: 360, height: 640 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect((await page.pdf()).length).toBeGreaterThan(10_000)
      expect((await page.screenshot()).length).toBeGreaterThan(10_000)
      expect([requests, complaints]).toEqual([[], []])
    }
  },
  LONGEST_PLAY_MS,
)

test('an example that lacks one of its databases says which, and plays nothing', async () => {
  const some = await example(['postgres-to-postgres'], { SHOP_URL: 'postgres://host/db' })
  expect([some.exit, some.out, some.err]).toEqual([
    2,
    '',
    'SHOP_URL is set, but not WAREHOUSE_URL, CONTROL_URL: set all, or none\n',
  ])
})

const SERVER = process.env['TIDEMARK_TEST_SQLSERVER']

test('an example for SQL Server does not fall back to DuckDB where a server is named', async () => {
  const gone = await example(['filetable-blobs'], { TIDEMARK_TEST_SQLSERVER: 'sqlserver://sa:x@127.0.0.1:1/master' })
  expect([gone.exit, gone.out]).toEqual([2, ''])
  expect(gone.err).toMatch(/TIDEMARK_TEST_SQLSERVER is set, but|cannot be reached/)
})

test.skipIf(SERVER === undefined)(
  'the example filetable-blobs plays to its end with 0 differences on the server that TIDEMARK_TEST_SQLSERVER names',
  async () => {
    const played = await example(['filetable-blobs'], { TIDEMARK_TEST_SQLSERVER: SERVER ?? '' })
    expect({ ...played, out: '' }).toEqual({ exit: 0, out: '', err: '' })
    expect(played.out).toContain('On the SQL Server that TIDEMARK_TEST_SQLSERVER names.')
    expect(played.out).toContain('✓ 0 differences')
  },
)

test('an example without a name lists them all, and what is none, or a folder in use, is refused', async () => {
  const names = listExamples().map(({ name }) => name)
  expect(names).toEqual(Object.keys(ALL))
  const listed = await example([])
  expect([listed.exit, listed.err]).toEqual([0, ''])
  for (const { name, title } of listExamples()) expect(listed.out).toMatch(new RegExp(`^  ${name} +${title}$`, 'm'))

  expect(await example(['orders-snapshots', '--on', 'oracle'])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('orders-snapshots plays on postgres, and not on oracle'),
  })
  expect(await example(['documents-tree', '--on', 'postgres'])).toMatchObject({ exit: 2 })
  expect(await example(['no-such'])).toMatchObject({ exit: 2, err: expect.stringContaining(names[0] ?? '') })
  expect(await example(['--force'])).toMatchObject({ exit: 2, err: expect.stringContaining('npm run example') })
  expect(await example(['documents-tree', '--keep', import.meta.dirname])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('not empty'),
  })
  expect(await example(['documents-tree', '--keep', MAIN])).toMatchObject({ exit: 2 })
  expect(await example(['--compare', import.meta.dirname])).toMatchObject({ exit: 2 })
  expect(existsSync(path.join(import.meta.dirname, 'tidemark.yaml'))).toBe(false)
  expect(readdirSync(import.meta.dirname)).toContain('examples.test.ts')
})
