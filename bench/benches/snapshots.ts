/**
 * Two states of a table of 276 columns, one row of a hundred another: finding that, and writing the old and new values, beside
 * what merely hashing them costs. What a run does besides, keeping the image and the keys, is told apart.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { hotPlace } from '../../packages/engine/src/app/hot-place.ts'
import { loadProject } from '../../packages/engine/src/definition/load-project.ts'
import { readImage } from '../../packages/engine/src/dialects/duckdb/image.sql.ts'
import { parquetOptions } from '../../packages/engine/src/dialects/duckdb/parquet-types.ts'
import { param, sql, textLiteral, textOf, whole } from '../../packages/engine/src/dialects/sql-text.ts'
import { readConfig } from '../../packages/engine/src/runtime/config.ts'
import { compare, counted } from '../../packages/engine/src/snapshot/compare.ts'
import { copyDifferences } from '../../packages/engine/src/snapshot/differences.sql.ts'
import { findDifferences, numbered } from '../../packages/engine/src/snapshot/differences.ts'
import { readSame } from '../../packages/engine/src/snapshot/extract.ts'
import { comparedHash } from '../../packages/engine/src/snapshot/fingerprint.sql.ts'
import { HotSide } from '../../packages/engine/src/snapshot/hot-side.ts'
import { hotTable } from '../../packages/engine/src/snapshot/hot.sql.ts'
import {
  JUDGED,
  keptRows,
  nullKeys,
  presentBeside,
  repeatedKeys,
} from '../../packages/engine/src/snapshot/judge.sql.ts'
import type { SnapshotRow } from '../../packages/engine/src/snapshot/snapshot-row.ts'
import { runFlow } from '../bench-project.ts'
import { alternately, inTurn, type Measured, measure, secondsOf } from '../child-task.ts'
import { inFile } from '../duckdb-file.ts'
import { openWarmDuckdb, writeDuckdbProject } from '../duckdb-project.ts'
import { obtainPandas } from '../pandas.ts'
import { quoted, timedSession } from '../reference-session.ts'
import { type BenchContext, type Result, rows, runsOf, Skipped } from '../result.ts'
import { seconds } from '../seconds.ts'
import { CHANGED_SHARE, WIDE_NAMES, writeWide } from '../wide-table.ts'

const RUNS = 3
const FLOW = 'bench.orders'
/** What both sides get: by default ours takes less. */
const MEMORY = '1GiB'
const FILE = import.meta.filename

interface Given {
  readonly dir: string
  readonly now: string
  /** rows that it has to find changed */
  readonly changed: number
}

/** Makes both states and takes a snapshot of the first. */
async function prepared(ctx: BenchContext): Promise<Given & { readonly before: string }> {
  const given = await made(ctx, rows(1_000_000, ctx))
  const { seconds: taken } = await measure(FILE, 'take', given)
  ctx.say(`  the first snapshot, in ${taken.toFixed(1)} s`)
  return given
}

/** A project, and both states: its flow reads the first. */
async function made(ctx: BenchContext, n: number): Promise<Given & { readonly before: string }> {
  const dir = path.join(ctx.dir, 'project')
  const inbox = path.join(ctx.dir, 'inbox')
  mkdirSync(inbox)
  writeDuckdbProject(dir, {
    from: `{ kind: files, path: ${JSON.stringify(inbox)} }`,
    table: 'orders.parquet',
    capture: 'snapshot',
    apply: 'none',
    memory: ctx.memory ?? MEMORY,
  })
  ctx.say(`  making ${n} rows twice`)
  const [before, now] = [path.join(inbox, 'orders.parquet'), path.join(ctx.dir, 'now.parquet')]
  await inFile(path.join(ctx.dir, 'made.duckdb'), async (db) => {
    await writeWide(db, before, n, false)
    await writeWide(db, now, n, true)
  })
  // i % 100 = 7
  return { dir, before, now, changed: Math.floor((n - 8) / CHANGED_SHARE) + 1 }
}

export async function detect(ctx: BenchContext): Promise<readonly Result[]> {
  const given = await prepared(ctx)
  const of = (task: string) => (): Promise<Measured> => measure(FILE, task, given)
  const m = await inTurn(
    runsOf(RUNS, ctx),
    {
      ours: of('found'),
      hash: of('hashed'),
      sha256: of('hashedLong'),
      image: of('imaged'),
      hot: of('kept'),
    },
    ctx.say,
  )
  return [
    secondsOf('detect-vs-hash', m.ours, m.hash),
    secondsOf('detect-vs-sha256', m.ours, m.sha256),
    secondsOf('archive-write', m.image, m.ours),
    secondsOf('hot-write', m.hot, m.ours),
  ]
}

/** Once: it takes minutes. */
export async function detectVsPandas(ctx: BenchContext): Promise<readonly Result[]> {
  const pandas = obtainPandas(ctx.dir, ctx.say)
  if (typeof pandas === 'string') throw new Skipped(pandas)
  const given = await prepared(ctx)
  const { ours, reference } = await alternately(
    runsOf(1, ctx),
    () => measure(FILE, 'found', given),
    () => measure(FILE, 'pandas', { ...given, ...pandas }),
    ctx.say,
  )
  return [secondsOf('detect-vs-pandas', ours, reference)]
}

export async function unchanged(ctx: BenchContext): Promise<readonly Result[]> {
  const { dir, before } = await prepared(ctx)
  const image = (name: string): Given => ({ dir, changed: 0, now: path.join(ctx.dir, `${name}.parquet`) })
  const [same, other] = [image('same'), image('other')]
  await measure(FILE, 'imageOf', { ...same, from: before, share: 1 })
  await measure(FILE, 'imageOf', { ...other, from: before, share: 2 })
  const m = await inTurn(
    runsOf(RUNS, ctx),
    {
      ours: () => measure(FILE, 'found', same),
      other: () => measure(FILE, 'found', other),
      hash: () => measure(FILE, 'hashedOnce', same),
    },
    ctx.say,
  )
  return [secondsOf('second-unchanged', m.ours, m.hash), secondsOf('second-rewritten', m.other, m.hash)]
}

/** Two runs, each whole, of a table five times as large. */
export async function large(ctx: BenchContext): Promise<readonly Result[]> {
  const given = await made(ctx, rows(5_000_000, ctx))
  const run = () => measure(FILE, 'take', given)
  const first = await alternately(1, run, () => measure(FILE, 'hashedFirst', given), ctx.say)
  const kept = path.join(ctx.dir, 'before.parquet')
  renameSync(given.before, kept)
  renameSync(given.now, given.before)
  const both = { ...given, files: [kept, given.before] }
  const second = await alternately(1, run, () => measure(FILE, 'hashedFiles', both), ctx.say)
  return [secondsOf('first-5m', first.ours, first.reference), secondsOf('second-5m', second.ours, second.reference)]
}

/** A snapshot: a real run. */
export async function take({ dir }: Given): Promise<number> {
  await using app = await openWarmDuckdb(dir)
  return await seconds(() => runFlow(app, FLOW))
}

/** The hot side in a warm session: what it was compared with before is open, and its statements were sent once. */
async function withFormer(
  { dir }: Given,
  work: (hot: HotSide, former: SnapshotRow) => Promise<number>,
): Promise<number> {
  const place = hotPlace(loadProject(dir), readConfig(null, {}))
  await using hot = await HotSide.open(place, FLOW, 'write')
  const former = (await hot.list()).at(-1)
  if (former === undefined) throw new Error('there is no snapshot to compare with')
  await hot.desk.query(countRows(hot.image(former.id)))
  return await work(hot, former)
}
const countRows = (file: string) => sql`SELECT count(*) FROM ${readImage(file)} AS i`

/** Detection: the present side hashed, keys looked at, compared, and the values that differ written. */
async function detected({ now, changed }: Given, { desk, catalog, image }: Hot, former: SnapshotRow): Promise<void> {
  const before = image(former.id)
  const key = former.columns.filter(({ name }) => former.key.includes(name))
  const { compared } = former
  using _room = await desk.room(compared.length)
  const fingerprints = keptRows(catalog, former.id)
  if (!(await readSame(desk, { rows: fingerprints, image: before }, now))) {
    await desk.count(nullKeys(now, key))
    await desk.exec(presentBeside(now, key, compared, { before: fingerprints, columns: former.columns }))
    await desk.query(repeatedKeys)
  }
  const found = await compare(desk, {
    before: { ...former, rows: fingerprints, image: before },
    now: { engine: former.engine, key: former.key, compared, image: now },
    exact: false,
  })
  const counts = await counted(desk)
  if (counts.changed !== BigInt(changed)) throw new Error(`${counts.changed} rows changed, and not ${changed}`)
  if (changed === 0) return
  const columns = numbered(found.columns)
  await findDifferences(desk, {
    images: { before, now },
    columns,
    changed: counts.changed,
    texts: null,
    fingerprints,
  })
  await desk.exec(copyDifferences(columns, `${now}.differences`, 'parquet'))
}

interface Hot {
  readonly desk: HotSide['desk']
  readonly catalog: string
  readonly image: (id: string) => string
}
const parts = (hot: HotSide): Hot => ({ desk: hot.desk, catalog: hot.catalog, image: (id) => hot.image(id) })

export const found = (given: Given): Promise<number> =>
  withFormer(given, (hot, former) => seconds(() => detected(given, parts(hot), former)))

/** Writing the image of the present side, as a run does before anything else. */
export const imaged = (given: Given): Promise<number> =>
  withFormer(given, async ({ desk }, { columns }) => {
    const file = `${given.now}.image`
    using _room = await desk.room(columns.length)
    const copied = await seconds(() => desk.exec(copyAll(given.now, file, columns)))
    rmSync(file)
    return copied
  })
const copyAll = (from: string, to: string, columns: SnapshotRow['columns'], share = 1) =>
  sql`COPY (SELECT * EXCLUDE (file_row_number) FROM ${readImage(from)} AS i) TO ${textLiteral(to)} (${parquetOptions(columns.map(({ type }) => type))}, ROW_GROUP_SIZE ${whole(BigInt(Math.floor(8_000_000 / columns.length / share)))})`

/** An image to compare with, of rows that are the same. `share`: of a row group as a run makes them; by 2 no byte need be the same. */
export const imageOf = (given: Given & { readonly from: string; readonly share: number }): Promise<number> =>
  withFormer(given, async ({ desk }, { columns }) => {
    using _room = await desk.room(columns.length)
    return await seconds(() => desk.exec(copyAll(given.from, given.now, columns, given.share)))
  })

/** Writing keys and hashes into the hot side, after a detection that is not measured. */
export const kept = (given: Given): Promise<number> =>
  withFormer(given, async (hot, former) => {
    await detected(given, parts(hot), former)
    const { desk, catalog } = hot
    const id = param('s-bench')
    const took = await seconds(() =>
      desk.inTransaction(async () => {
        await desk.exec(
          sql`INSERT INTO ${hotTable(catalog, 'hot_row')} (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT ${id}, key, coalesce(old_hash, ''), first_hash, second_hash, place FROM ${JUDGED} WHERE place IS NOT NULL`,
        )
        await desk.exec(
          sql`INSERT INTO ${hotTable(catalog, 'difference')} (snapshot, key, kind) SELECT ${id}, key, kind FROM ${JUDGED} WHERE kind <> 'unchanged'`,
        )
      }),
    )
    await desk.inTransaction(async () => {
      for (const name of ['hot_row', 'difference'] as const)
        await desk.exec(sql`DELETE FROM ${hotTable(catalog, name)} WHERE snapshot = ${id}`)
    })
    return took
  })

const hashOf = (file: string): string =>
  `SELECT bit_xor(hash(${WIDE_NAMES.join(', ')})) FROM read_parquet(${quoted(file)})`

/** DuckDB merely hashing both sides. */
export const hashed = (given: Given): Promise<number> => hashing(given, [before(given), given.now])
export const hashedFirst = (given: Given): Promise<number> => hashing(given, [before(given)])
export const hashedFiles = (given: Given & { readonly files: readonly string[] }): Promise<number> =>
  hashing(given, given.files)
/** The present side alone. */
export const hashedOnce = (given: Given): Promise<number> => hashing(given, [given.now])

const before = ({ dir }: Given): string => path.join(path.dirname(dir), 'inbox', 'orders.parquet')

const hashing = ({ dir }: Given, files: readonly string[]): Promise<number> =>
  timedSession(dir, (db) =>
    seconds(async () => {
      for (const file of files) await db.run(hashOf(file))
    }),
  )

/** The same detection by SHA-256 of every row of both sides, typed and framed as ours is. */
export async function hashedLong(given: Given): Promise<number> {
  let compared: SnapshotRow['compared'] = []
  await withFormer(given, async (_hot, former) => {
    compared = former.compared
    return 0
  })
  const hashes = (file: string): string =>
    `SELECT id, ${textOf(comparedHash('i', compared))} AS h FROM read_parquet(${quoted(file)}) AS i`
  return await timedSession(given.dir, (db) =>
    seconds(async () => {
      await db.run(`CREATE TEMP TABLE old AS ${hashes(before(given))}`)
      await db.run(`CREATE TEMP TABLE new AS ${hashes(given.now)}`)
      await db.run('CREATE TEMP TABLE changed AS SELECT id FROM old JOIN new USING (id) WHERE old.h <> new.h')
      for (const file of [before(given), given.now])
        await db.run(
          `COPY (SELECT * FROM read_parquet(${quoted(file)}) WHERE id IN (SELECT id FROM changed)) TO ${quoted(`${file}.changed`)} (FORMAT parquet)`,
        )
    }),
  )
}

/** pandas and hashlib on the same files. */
export async function pandas({ python, ...given }: Given & { readonly python: string }): Promise<number> {
  const script = path.join(import.meta.dirname, '..', 'pandas-diff.py')
  const { status, stdout, stderr } = spawnSync(python, [script, before(given), given.now, `${given.now}.pandas`], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`pandas: ${stderr.trim()}`)
  return Number(stdout)
}
