/**
 * A folder of Parquet files as a target. Fence, markers and what was settled are in a DuckDB file of its own,
 * `.tidemark/target.duckdb`; the table is whatever files the folder holds. A batch writes one file beside the folder,
 * commits its marker, and only then moves the file in: whoever reads the folder never sees half a file, and after a
 * crash the marker says whether a file that lies beside belongs in. What replaces the table is loaded into a table of
 * that DuckDB file, and becomes one Parquet file by the swap: see `folder-swap.ts`.
 */
import { existsSync, globSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { TableName } from '@tidemark/contract/flow'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { isBeside } from '@tidemark/contract/table-name'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey, FenceKey, FlowRelation, OpenBench, SwapOptions } from '../contract.ts'
import type { ForeignTypes } from '../foreign-types.ts'
import type { Staging } from '../relational/apply.sql.ts'
import { findMarker } from '../relational/fence.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import type { DuckdbCatalogs } from '../duckdb/names.ts'
import { openFile } from '../duckdb/open-file.ts'
import { isHeldByParquet } from '../duckdb/parquet-types.ts'
import { exec, query } from '../duckdb/run-sql.ts'
import { DuckdbTarget } from '../duckdb/target.ts'
import type { Landing, TargetEnd } from '../duckdb/target-end.ts'
import type { DuckdbTransaction } from '../duckdb/transaction.ts'
import {
  copyAbsent,
  copyAll,
  copyBeside,
  countAbsent,
  createSwaps,
  dropBeside,
  emptyTable,
  filesTable,
  insertSwap,
  schemaOf,
} from './folder.sql.ts'
import { finishSwaps, swapIn, swapsOf, syncPath } from './folder-swap.ts'
import type { Sql } from '../sql-text.ts'
import { filesOptions } from './options.ts'
import { pathText } from './pinned-files.ts'

/** What lies in it is no table: patterns do not reach into folders that begin with a dot. */
const OWN = '.tidemark'

const APPLIES: ReadonlySet<string> = new Set(['insert-missing', 'replace'])
interface Folder {
  readonly path: string
  readonly tables: DuckdbFile
  readonly tablesSession: DuckdbSession
}

const folderOf = (f: Folder, table: TableName): string => join(f.path, pathText(table))
const besideOf = (f: Folder, table: TableName): string => join(f.path, OWN, 'new', pathText(table))
const fileName = (b: BatchKey): string => `${b.run}-${b.step}-${b.batch}`

export const sidecarPath = (folder: string): string => join(folder, OWN, 'target.duckdb')

export const parquetFilesOf = (path: string, table: TableName): readonly { readonly path: string }[] => {
  const folder = join(path, pathText(table))
  return globSync('*.parquet', { cwd: folder })
    .sort()
    .map((name) => ({ path: join(folder, name) }))
}

/** The table as the folder holds it now; without a file there is a table only where `relation` says which. */
async function show(f: Folder, table: TableName, relation: FlowRelation | null): Promise<void> {
  const folder = folderOf(f, table)
  const files = parquetFilesOf(f.path, table)
  if (files.length === 0 && relation === null) return
  const statement =
    files.length === 0 && relation !== null
      ? emptyTable(f.tables.catalog, table, relation)
      : filesTable(f.tables.catalog, table, files)
  await exec(f.tablesSession, schemaOf(f.tables.catalog, table), folder, 'TM2008')
  await exec(f.tablesSession, statement, folder, 'TM2008')
}

export async function folderTarget(options: OpenBench, opening: AsyncDisposableStack): Promise<TargetEnd> {
  const { folder: path } = filesOptions(options.target.options)
  if (existsSync(path) && !statSync(path).isDirectory())
    throw new AppError('TM2001', `${path} (connection ${options.target.id}) is no folder`)
  const sidecar = sidecarPath(path)
  const made = options.mode === 'write' && !existsSync(sidecar)
  const file =
    options.mode === 'write' || existsSync(sidecar) ? opening.use(await openFile(sidecar, options.mode, options)) : null
  if (made) file?.removeIfEmpty()
  if (options.mode === 'write' && file !== null) {
    using session = await file.session()
    await finishSwaps(session, file.catalog, join(path, OWN), path)
  }
  const tables = opening.use(await openFile(IN_MEMORY, 'write', options))
  const tablesSession = opening.use(await tables.session())
  const f: Folder = { path, tables, tablesSession }
  return {
    file,
    catalog: tables.catalog,
    location: path,
    landing: landingIn(f),
    target: (session, c, foreign) => new FolderTarget(file, session, c, foreign, f),
    hot: () => null,
  }
}

class FolderTarget extends DuckdbTarget {
  readonly #folder: Folder
  readonly #file: DuckdbFile | null
  readonly #session: DuckdbSession
  readonly #catalogs: DuckdbCatalogs

  constructor(
    file: DuckdbFile | null,
    session: DuckdbSession,
    c: DuckdbCatalogs,
    foreign: ForeignTypes | null,
    folder: Folder,
  ) {
    super(file, session, c, folder.path, foreign, folder.tables)
    this.#file = file
    this.#session = session
    this.#catalogs = c
    this.#folder = folder
  }

  override async describe(table: TableName): ReturnType<DuckdbTarget['describe']> {
    if (table[0] !== 'tidemark' && !isBeside(table)) await show(this.#folder, table, null)
    return super.describe(table)
  }

  override check(r: FlowRelation, apply: string): void {
    if (apply === 'none')
      throw new AppError('TM1017', `apply: none beside ${pathText(r.target.table)}, a folder of files`)
    if (!APPLIES.has(apply) || r.tree !== null)
      throw new AppError(
        'TM4026',
        `apply ${apply}${r.tree === null ? '' : ' of a tree'} into ${pathText(r.target.table)}: a row of a file cannot be changed`,
      )
    if (apply === 'insert-missing' && r.target.adds.length > 0)
      throw new AppError(
        'TM4026',
        `${r.target.adds.join(', ')}: new in ${pathText(r.target.table)}, and files that are there get no columns`,
        { remedy: ['apply: replace', 'or drift: ignore'] },
      )
    if (apply === 'replace') refuseUnmovable(this.#folder, r.target.table)
    const refused = r.columns.filter((c) => !isHeldByParquet(c.targetType))
    if (refused.length > 0)
      throw new AppError('TM4025', refused.map((c) => `${c.target} is ${c.targetType}`).join(', '), {
        remedy: [`columns: { cast: … } or { exclude: [${refused.map((c) => c.source).join(', ')}] }`],
      })
  }

  override createTableText(r: FlowRelation): string {
    return `a folder ${pathText(r.target.table)} of Parquet files (${r.columns.map((c) => `${c.target} ${c.targetType}`).join(', ')})`
  }

  override async prepare(r: FlowRelation, _create: boolean, key: FenceKey, anew = false): Promise<void> {
    const { table } = r.target
    // what replaces the files has all columns from the beginning
    await super.prepare(r.target.beside === null ? r : { ...r, target: { ...r.target, adds: [] } }, false, key, anew)
    mkdirSync(folderOf(this.#folder, table), { recursive: true })
    await this.#recover(table, key)
    await show(this.#folder, table, r)
  }

  override async swap(key: FenceKey, run: string, r: FlowRelation, how: SwapOptions): Promise<void> {
    await super.swap(key, run, r, how)
    const { path } = this.#folder
    await finishSwaps(this.#session, this.#catalogs.target.ownCatalog, join(path, OWN), path)
    await show(this.#folder, r.target.table, r)
  }

  protected override replacing(run: string, r: FlowRelation): Promise<() => Promise<void>> {
    const { path } = this.#folder
    const c = this.#catalogs
    const table = pathText(r.target.table)
    const replaced = parquetFilesOf(path, r.target.table).map((f) => basename(f.path))
    const { fresh } = swapIn(join(path, OWN), path, table, run, replaced)
    const file = join(fresh, `${run}.parquet`)
    const send = (statement: Sql): Promise<bigint> => exec(this.#session, statement, this.location)
    return Promise.resolve(async () => {
      clearSwaps(swapsOf(join(path, OWN), table))
      mkdirSync(fresh, { recursive: true })
      await send(copyBeside(c, r, file))
      syncPath(file)
      for (const folder of [fresh, dirname(fresh)]) syncPath(folder)
      await send(createSwaps(c.target.ownCatalog))
      await send(insertSwap(c.target.ownCatalog, table, run, replaced))
      await send(dropBeside(c, r))
    })
  }

  /** A file beside whose marker is in belongs in; any other is of a batch that never committed. */
  async #recover(table: TableName, key: FenceKey): Promise<void> {
    const beside = besideOf(this.#folder, table)
    if (this.#file === null || !existsSync(beside)) return
    for (const name of readdirSync(beside)) {
      const [, run = '', step = '', batch = ''] = /^(r-[0-9a-z]+)-(\d+)-(\d+)\.new$/.exec(name) ?? []
      const marker = findMarker(this.#catalogs.target, key, { run, step: Number(step), batch: Number(batch) })
      const [found] = run === '' ? [] : await query(this.#session, marker, this.location)
      if (found) renameSync(join(beside, name), join(folderOf(this.#folder, table), `${name.slice(0, -4)}.parquet`))
      else rmSync(join(beside, name))
    }
  }
}

/** What runs left that died before their swap's commit; whoever may remove it holds the fence, and committed ones are in. */
function clearSwaps(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder))
    if (/^r-[0-9a-z]+$/.test(name)) rmSync(join(folder, name), { recursive: true })
}

/** Throws TM4026 where the folder could not be renamed away. */
function refuseUnmovable(f: Folder, table: TableName): void {
  const folder = folderOf(f, table)
  const is =
    resolve(folder) === resolve(f.path)
      ? 'is the folder of the connection itself'
      : !existsSync(folder)
        ? null
        : lstatSync(folder).isSymbolicLink()
          ? 'is a link'
          : statSync(folder).dev !== statSync(f.path).dev
            ? 'is another file system'
            : null
  if (is !== null)
    throw new AppError('TM4026', `apply replace into ${pathText(table)}: it ${is}, and cannot be renamed`)
}

const landingIn = (f: Folder): Landing => ({
  holdsOnly: (run, r) =>
    parquetFilesOf(f.path, r.target.table).every(({ path }) => basename(path).startsWith(`${run}-`)),
  async land(own, c, r, staged): Promise<RowCounts> {
    const counts = own.fresh ? null : await weigh(own, c, r, staged)
    if (counts?.inserted === 0n) return counts
    const beside = besideOf(f, r.target.table)
    mkdirSync(beside, { recursive: true })
    const path = join(beside, `${fileName(own.batch)}.new`)
    rmSync(path, { force: true })
    if (counts === null) {
      const inserted = await own.count(copyAll(r, staged, path))
      return { ...NO_ROWS, read: inserted, inserted }
    }
    await own.exec(copyAbsent(c, r, staged, path))
    return counts
  },
  weigh,
  async committed(own: DuckdbTransaction, r: FlowRelation): Promise<void> {
    const path = join(besideOf(f, r.target.table), `${fileName(own.batch)}.new`)
    if (!existsSync(path)) return
    const folder = folderOf(f, r.target.table)
    mkdirSync(dirname(folder), { recursive: true })
    renameSync(path, join(folder, `${fileName(own.batch)}.parquet`))
    await show(f, r.target.table, r)
  },
  statements: (c, r, _kind, staged) => [
    copyAbsent(c, r, staged, join(besideOf(f, r.target.table), 'RUN-STEP-BATCH.new')),
  ],
})

async function weigh(to: Pick<Sender, 'query'>, c: Catalogs, r: FlowRelation, staged: Staging): Promise<RowCounts> {
  const [row] = await to.query(countAbsent(c, r, staged))
  const [read, inserted] = [BigInt(row?.[0] ?? '0'), BigInt(row?.[1] ?? '0')]
  return { ...NO_ROWS, read, inserted, skippedSame: read - inserted }
}
