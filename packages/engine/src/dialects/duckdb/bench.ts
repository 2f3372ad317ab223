/** One DuckDB instance that sees source, target and the captured keys: everything is one statement inside it. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, openDuckdbFile } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type {
  BatchKey,
  BatchTransaction,
  Bench,
  CapturedBatch,
  FenceKey,
  FlowRelation,
  OpenBench,
  Selection,
  Staged,
} from '../contract.ts'
import { printable, type Sql, sql } from '../sql-text.ts'
import * as apply from './apply.sql.ts'
import { insertSelected, predicates } from './capture.sql.ts'
import { translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { hasRowIds } from './introspect.ts'
import type { Catalogs } from './names.ts'
import { count, exec, query } from './run-sql.ts'
import { DuckdbSource } from './source.ts'
import { DuckdbTarget, isConflict, markerCounts } from './target.ts'
import { DuckdbWorkArea } from './work-area.ts'

export interface DuckdbHooks {
  /** between the clock and the ceiling; tests begin a late transaction there */
  readonly betweenClockAndCeiling: () => Promise<void>
}

const NO_HOOKS: DuckdbHooks = { betweenClockAndCeiling: () => Promise.resolve() }

const pathOf = (options: Readonly<Record<string, unknown>>): string => {
  const path = options['path']
  if (typeof path !== 'string') throw new AppError('TM1011', 'a duckdb connection needs path')
  return path
}

async function open(path: string, mode: 'read' | 'write', options: OpenBench): Promise<DuckdbFile> {
  try {
    if (mode === 'write' && path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true })
    return await openDuckdbFile(path, mode, options.limits)
  } catch (error) {
    throw translate(error, path)
  }
}

/** Opens what a flow needs. In read mode no file is made or changed; a target that does not exist yet is no error. */
export async function openDuckdbBench(options: OpenBench, hooks: DuckdbHooks = NO_HOOKS): Promise<Bench> {
  await using opening = new AsyncDisposableStack()
  makeTempFolder(options, opening)
  const sourcePath = pathOf(options.source.options)
  const targetPath = pathOf(options.target.options)
  if (!existsSync(sourcePath))
    throw new AppError('TM2001', `${sourcePath} (connection ${options.source.id}) does not exist`)
  const made = options.mode === 'write' && !existsSync(targetPath)
  if (made) opening.defer(() => removeIfUnused(targetPath, options))
  // the target first: where both are one file, it has to be open for writing
  const target =
    options.mode === 'write' || existsSync(targetPath)
      ? opening.use(await open(targetPath, options.mode, options))
      : null
  const source = opening.use(await open(sourcePath, 'read', options))
  const work = opening.use(await openWork(options))
  const catalogs: Catalogs = { source: source.catalog, target: target?.catalog ?? 'missing', work: work.catalog }
  const files = { source, target }
  const folder = dirname(source.path) // whatever the session belongs to, the views it reads are the source's
  const session = opening.use(await (target ?? source).session('engine', folder))
  const workSession = opening.use(await work.session('engine', folder))
  return new DuckdbBench(
    files,
    session,
    workSession,
    catalogs,
    { source: sourcePath, target: targetPath },
    hooks,
    opening.move(),
  )
}

/** Where DuckDB spills. A bench that only reads leaves no folder behind that it made. */
function makeTempFolder({ limits, mode }: OpenBench, opening: AsyncDisposableStack): void {
  const made = mkdirSync(limits.tempDir, { recursive: true })
  if (made === undefined || mode === 'write') return
  opening.defer(() => {
    for (let dir = limits.tempDir; dir.length >= made.length && isEmptyFolder(dir); dir = dirname(dir)) rmdirSync(dir)
  })
}

const isEmptyFolder = (dir: string): boolean => existsSync(dir) && readdirSync(dir).length === 0

/** Captured keys that a crash of the machine damaged are captured again: nothing is lost with them. */
async function openWork(options: OpenBench): Promise<DuckdbFile> {
  const path = options.workPath ?? IN_MEMORY
  try {
    return await open(path, 'write', options)
  } catch (error) {
    if (path === IN_MEMORY || !(error instanceof AppError) || error.code !== 'TM2003') throw error
    for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true })
    return await open(path, 'write', options)
  }
}

/** A file that was made for a run which then wrote nothing into it is not left behind. */
async function removeIfUnused(path: string, options: OpenBench): Promise<void> {
  if (!existsSync(path)) return
  {
    await using file = await open(path, 'read', options)
    using session = await file.session()
    const [row] = await session.rows('SELECT count(*) FROM duckdb_tables() WHERE database_name = ?', [file.catalog])
    if (row?.[0] !== '0') return
  }
  rmSync(path)
}

class DuckdbBench implements Bench {
  readonly source: DuckdbSource
  readonly target: DuckdbTarget
  readonly work: DuckdbWorkArea
  readonly #files: { readonly source: DuckdbFile; readonly target: DuckdbFile | null }
  readonly #session: DuckdbSession
  readonly #catalogs: Catalogs
  readonly #opened: AsyncDisposableStack
  /** sessions between batches, ready for the next one */
  readonly #idle: DuckdbSession[] = []
  readonly #rowIds = new Map<string, boolean>()

  constructor(
    files: { readonly source: DuckdbFile; readonly target: DuckdbFile | null },
    session: DuckdbSession,
    workSession: DuckdbSession,
    catalogs: Catalogs,
    paths: { readonly source: string; readonly target: string },
    hooks: DuckdbHooks,
    opened: AsyncDisposableStack,
  ) {
    this.#files = files
    this.#session = session
    this.#catalogs = catalogs
    this.#opened = opened
    this.source = new DuckdbSource(files.source, session, catalogs, paths.source, hooks.betweenClockAndCeiling)
    this.target = new DuckdbTarget(files.target, session, catalogs, paths.target)
    this.work = new DuckdbWorkArea(
      workSession,
      catalogs,
      (r) => this.#readsByRowId(r),
      async (r) =>
        (await this.target.describe(r.target.table)) === null
          ? 'missing'
          : (await this.target.isEmpty(r.target.table))
            ? 'empty'
            : 'filled',
    )
  }

  async #readsByRowId(r: FlowRelation): Promise<boolean> {
    const name = r.source.table.join('.')
    const known = this.#rowIds.get(name) ?? (await hasRowIds(this.#files.source, this.#session, r.source.table))
    this.#rowIds.set(name, known)
    return known
  }

  async begin(_relation: FlowRelation, key: FenceKey, batch: BatchKey, worker: number): Promise<BatchTransaction> {
    const target = this.#files.target
    if (target === null) throw new TypeError('a bench in read mode has no batches')
    const session = this.#idle.pop() ?? (await target.session('engine', dirname(this.#files.source.path)))
    const tx = new DuckdbTransaction(session, this.#catalogs, key, batch, this.target.location, () => {
      if (!session.closed) this.#idle.push(session)
    })
    try {
      await tx.enter(worker)
      return tx
    } catch (error) {
      await tx[Symbol.asyncDispose]()
      throw error
    }
  }

  async stage(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<Staged> {
    const own = ours(tx)
    const byRowId = await this.#readsByRowId(relation)
    await own.exec(apply.stage(this.#catalogs, relation, split, byRowId))
    let rows = await own.count(sql`SELECT count(*) FROM tidemark_stage`)
    if (byRowId && rows < split.rows) {
      // rows moved inside the source's file since the capture, or were deleted: the key alone decides
      await own.exec(apply.stage(this.#catalogs, relation, split, false))
      rows = await own.count(sql`SELECT count(*) FROM tidemark_stage`)
    }
    // only a joined table can have several rows for one: the captured keys are unique
    const repeated = relation.source.joins.length === 0 ? 0n : await own.count(apply.repeatedKeys(relation))
    if (rows > split.rows || repeated > 0n)
      throw new AppError(
        'TM4005',
        `${relation.source.table.join('.')} gave ${rows} rows for ${split.rows} keys: a joined table has several rows for one`,
      )
    if (relation.tree) await this.#refuseParentless(own, relation)
    return { rows, bytes: split.bytes }
  }

  async #refuseParentless(own: DuckdbTransaction, relation: FlowRelation): Promise<void> {
    const missing = await own.query(apply.parentless(this.#catalogs, relation))
    if (missing.length > 0) throw new AppError('TM5004', missing.map(([loc, par]) => `${loc} needs ${par}`).join(', '))
  }

  async apply(tx: BatchTransaction, relation: FlowRelation, kind: 'insert-missing' | 'latest'): Promise<RowCounts> {
    const own = ours(tx)
    const c = this.#catalogs
    await own.exec(apply.verdict(c, relation, kind))
    const counts = verdictOf(await own.query(apply.verdictCounts), relation)
    if (counts.inserted === counts.read) await own.exec(apply.insertAll(c, relation))
    else if (counts.inserted + counts.updated > 0n)
      for (const statement of apply.take(c, relation, kind, await this.#unfilled(relation))) await own.exec(statement)
    if (kind === 'latest') for (const statement of apply.takePositions(c, relation)) await own.exec(statement)
    return counts
  }

  /**
   * Target columns that keep their values when a row is replaced. Not asked in the batch's transaction: the catalog's
   * functions look into every attached file, and would hold those of other flows until the batch ends.
   */
  async #unfilled(relation: FlowRelation): Promise<readonly string[]> {
    const facts = await this.target.describe(relation.target.table)
    const filled = new Set(relation.columns.map((x) => x.target))
    return (facts?.columns ?? []).filter((x) => !filled.has(x.name) && !x.generated).map((x) => x.name)
  }

  async weigh(flow: FlowRelation, split: CapturedBatch, kind: 'insert-missing' | 'latest'): Promise<RowCounts> {
    const c = this.#catalogs
    // no position was ever kept there: content alone decides
    const relation =
      flow.position?.targetColumn === null && !(await this.target.keepsPositions(flow.target.table))
        ? { ...flow, position: null }
        : flow
    const all = (statement: Sql) => query(this.#session, statement, this.target.location)
    await exec(this.#session, apply.stage(c, relation, split, await this.#readsByRowId(relation)), this.target.location)
    if ((await this.target.describe(relation.target.table)) === null) {
      const rows = await count(this.#session, sql`SELECT count(*) FROM tidemark_stage`, this.target.location)
      return { ...NO_ROWS, read: rows, inserted: rows }
    }
    await exec(this.#session, apply.verdict(c, relation, kind), this.target.location)
    return verdictOf(await all(apply.verdictCounts), relation)
  }

  explain(
    r: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
  ): readonly { readonly name: string; readonly text: string }[] {
    // as words: the files are attached under numbered names, and the target may not exist yet
    const c: Catalogs = { source: 'source', target: 'target', work: 'work' }
    const split: CapturedBatch = { step: 1, wave: 1, first: 1n, last: 1000n, rows: 1000n, bytes: 0n }
    const named = (name: string, statements: readonly Sql[]) => statements.map((s) => ({ name, text: printable(s) }))
    return [
      ...predicates(c, r, selection, true).flatMap((p, i) =>
        named('capture', [insertSelected(c, r, p, true, i === 0)]),
      ),
      ...named('stage', [apply.stage(c, r, split, true)]),
      ...named('verdict', [apply.verdict(c, r, kind)]),
      ...named('apply', [...apply.take(c, r, kind, []), ...(kind === 'latest' ? apply.takePositions(c, r) : [])]),
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#idle) session.close()
    await this.#opened.disposeAsync()
  }
}

function verdictOf([row]: readonly (readonly (string | null)[])[], relation: FlowRelation): RowCounts {
  const [all = 0n, read = 0n, inserted = 0n, updated = 0n, skippedSame = 0n, skippedOlder = 0n] = (row ?? []).map((v) =>
    BigInt(v ?? '0'),
  )
  if (all !== read)
    throw new AppError(
      'TM5001',
      `${relation.target.table.join('.')} holds a key more than once, so no row of it can be called the present one`,
    )
  return { ...NO_ROWS, read, inserted, updated, skippedSame, skippedOlder }
}

function ours(tx: BatchTransaction): DuckdbTransaction {
  if (!(tx instanceof DuckdbTransaction)) throw new TypeError('a transaction of another dialect')
  return tx
}

class DuckdbTransaction implements BatchTransaction {
  alreadyIn: RowCounts | null = null
  readonly session: DuckdbSession
  readonly #catalogs: Catalogs
  readonly #key: FenceKey
  readonly #batch: BatchKey
  readonly #where: string
  readonly #giveBack: () => void
  #open = false

  constructor(
    session: DuckdbSession,
    catalogs: Catalogs,
    key: FenceKey,
    batch: BatchKey,
    where: string,
    giveBack: () => void,
  ) {
    this.session = session
    this.#catalogs = catalogs
    this.#key = key
    this.#batch = batch
    this.#where = where
    this.#giveBack = giveBack
  }

  async enter(worker: number): Promise<void> {
    this.session.owner = { store: this.#key.store, flow: this.#key.flow, token: this.#key.token }
    await this.session.begin()
    this.#open = true
    const taken = await this.exec(fence.enter(this.#catalogs, this.#key, worker))
    if (taken !== 1n) throw new AppError('TM5002', `${this.#key.flow} has a newer owner than token ${this.#key.token}`)
    const [marker] = await this.query(fence.findMarker(this.#catalogs, this.#key, this.#batch))
    if (marker) this.alreadyIn = markerCounts(marker)
    else await this.exec(fence.insertMarker(this.#catalogs, this.#key, this.#batch))
  }

  async commit(counts: RowCounts): Promise<void> {
    await this.exec(fence.completeMarker(this.#catalogs, this.#key, this.#batch, counts))
    try {
      await this.session.commit()
    } catch (error) {
      throw translate(error, this.#where)
    }
    this.#open = false
  }

  abort(): void {
    this.session.interrupt()
  }

  exec(statement: Sql): Promise<bigint> {
    return exec(this.session, statement, this.#where)
  }

  query(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return query(this.session, statement, this.#where)
  }

  count(statement: Sql): Promise<bigint> {
    return count(this.session, statement, this.#where)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.owner = null
    if (this.#open && !this.session.closed) {
      this.#open = false
      try {
        await this.session.rollback()
      } catch (error) {
        this.session.close()
        if (!isConflict(error)) throw translate(error, this.#where)
      }
    }
    this.#giveBack()
  }
}
