/**
 * A folder of Parquet files as a target. Fence, markers and what was settled are in a DuckDB file of its own,
 * `.tidemark/target.duckdb`; the table is whatever files the folder holds. A batch writes one file beside the folder,
 * commits its marker, and only then moves the file in: whoever reads the folder never sees half a file, and after a
 * crash the marker says whether a file that lies beside belongs in.
 */
import { existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TableName } from '@tidemark/contract/flow'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey, FenceKey, FlowRelation, OpenBench } from '../contract.ts'
import type { Staging } from '../duckdb/apply.sql.ts'
import * as fence from '../duckdb/fence.sql.ts'
import type { Catalogs } from '../duckdb/names.ts'
import { openFile } from '../duckdb/open-file.ts'
import { exec, query } from '../duckdb/run-sql.ts'
import { DuckdbTarget } from '../duckdb/target.ts'
import type { Landing, TargetEnd } from '../duckdb/target-end.ts'
import type { DuckdbTransaction } from '../duckdb/transaction.ts'
import { copyAbsent, countAbsent, emptyTable, filesTable, schemaOf } from './folder.sql.ts'
import { filesOptions } from './options.ts'
import { pathText } from './pinned-files.ts'

/** What lies in it is no table: patterns do not reach into folders that begin with a dot. */
const OWN = '.tidemark'

/** Types whose values come back from Parquet as they were written. */
const HELD =
  /^(?:BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|UUID|DATE|TIME|TIMESTAMP|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|JSON)$/
const NOT_HELD = /HUGEINT|\bBIT\b|BIGNUM|INTERVAL|TIMESTAMP_M?S\b|TIME_NS|\bTIME WITH|ENUM|UNION|VARIANT|GEOMETRY/

const isHeld = (type: string): boolean => HELD.test(type) || (/^(STRUCT|MAP)|\]$/.test(type) && !NOT_HELD.test(type))

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
  const tables = opening.use(await openFile(IN_MEMORY, 'write', options))
  const tablesSession = opening.use(await tables.session())
  const f: Folder = { path, tables, tablesSession }
  return {
    file,
    catalog: tables.catalog,
    location: path,
    landing: landingIn(f),
    target: (session, c) => new FolderTarget(file, session, c, f),
  }
}

class FolderTarget extends DuckdbTarget {
  readonly #folder: Folder
  readonly #file: DuckdbFile | null
  readonly #session: DuckdbSession
  readonly #catalogs: Catalogs

  constructor(file: DuckdbFile | null, session: DuckdbSession, c: Catalogs, folder: Folder) {
    super(file, session, c, folder.path, folder.tables)
    this.#file = file
    this.#session = session
    this.#catalogs = c
    this.#folder = folder
  }

  override async describe(table: TableName): ReturnType<DuckdbTarget['describe']> {
    if (table[0] !== 'tidemark') await show(this.#folder, table, null)
    return super.describe(table)
  }

  override check(r: FlowRelation, apply: string): void {
    if (apply !== 'insert-missing' || r.tree !== null)
      throw new AppError(
        'TM4026',
        `apply ${apply}${r.tree === null ? '' : ' of a tree'} into ${pathText(r.target.table)}: a row of a file cannot be changed`,
      )
    const refused = r.columns.filter((c) => !isHeld(c.targetType))
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
    await super.prepare(r, false, key, anew)
    mkdirSync(folderOf(this.#folder, table), { recursive: true })
    await this.#recover(table, key)
    await show(this.#folder, table, r)
  }

  /** A file beside whose marker is in belongs in; any other is of a batch that never committed. */
  async #recover(table: TableName, key: FenceKey): Promise<void> {
    const beside = besideOf(this.#folder, table)
    if (this.#file === null || !existsSync(beside)) return
    for (const name of readdirSync(beside)) {
      const [, run = '', step = '', batch = ''] = /^(r-[0-9a-z]+)-(\d+)-(\d+)\.new$/.exec(name) ?? []
      const marker = fence.findMarker(this.#catalogs, key, { run, step: Number(step), batch: Number(batch) })
      const [found] = run === '' ? [] : await query(this.#session, marker, this.location)
      if (found) renameSync(join(beside, name), join(folderOf(this.#folder, table), `${name.slice(0, -4)}.parquet`))
      else rmSync(join(beside, name))
    }
  }
}

const landingIn = (f: Folder): Landing => ({
  async land(own, c, r, staged): Promise<RowCounts> {
    const counts = await weigh(own, c, r, staged)
    if (counts.inserted === 0n) return counts
    const beside = besideOf(f, r.target.table)
    mkdirSync(beside, { recursive: true })
    const path = join(beside, `${fileName(own.batch)}.new`)
    rmSync(path, { force: true })
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

async function weigh(
  to: Pick<DuckdbTransaction, 'query'>,
  c: Catalogs,
  r: FlowRelation,
  staged: Staging,
): Promise<RowCounts> {
  const [row] = await to.query(countAbsent(c, r, staged))
  const [read, inserted] = [BigInt(row?.[0] ?? '0'), BigInt(row?.[1] ?? '0')]
  return { ...NO_ROWS, read, inserted, skippedSame: read - inserted }
}
