/** One DuckDB instance that sees source, target and the captured keys: everything is one statement inside it. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import {
  type BatchKey,
  type BatchTransaction,
  type Bench,
  type CapturedBatch,
  type FenceKey,
  type FlowRelation,
  type OpenBench,
  type RangesAlone,
  type Selection,
  type SourcePort,
  type Staged,
  type StageHow,
} from '../contract.ts'
import { type Lane, type LaneFacts, readsSpool } from '../lanes.ts'
import { type PlannedTemplate, type TemplateColumn, stepAt } from '../planned-steps.ts'
import type { BatchPart, RowPolicy } from '../row-policy.ts'
import { ident, type Sql, sql, textOf } from '../sql-text.ts'
import * as apply from '../relational/apply.sql.ts'
import { vanishingUnder } from '../relational/capture.sql.ts'
import { Duplicates } from '../relational/duplicates.ts'
import { predicates } from '../relational/selection.sql.ts'
import { insertRejects } from '../relational/fence.sql.ts'
import { FAILS, Sift, withOut } from '../relational/sift.ts'
import { stageByKey, stageGiven } from '../relational/stage-batch.ts'
import { templateSql } from '../relational/template.sql.ts'
import { unheld, weighBatch, weighStaged } from '../relational/weigh.ts'
import { stateOf } from '../relational/work-area.ts'
import { SHARED_STATEMENTS } from '../relational/statements.ts'
import { EmbeddedDuckdb } from './embedded.ts'
import { isDuplicate, translate } from './errors.ts'
import { explainBatch } from './explain-batch.ts'
import { holdsOnlyThisRun } from './fresh-target.sql.ts'
import { land } from './land.ts'
import { attachedTables, type DuckdbCatalogs } from './names.ts'
import { openFile } from './open-file.ts'
import { count, exec, query, senderOf } from './run-sql.ts'
import { refuseChangedTarget, refuseChangedTypes } from './refuse-batch.ts'
import { attachedEnd, type SourceEnd } from './source-end.ts'
import { DuckdbSource } from './source.ts'
import { duckdbKit } from './sql-kit.ts'
import { withSpool } from './spool.sql.ts'
import { Arrivals } from './arrivals.ts'
import type { DuckdbTarget } from './target.ts'
import { attachedTarget, type OpenTargetEnd, type TargetEnd } from './target-end.ts'
import { DuckdbTransaction, ours } from './transaction.ts'
import { inWords } from './words.ts'
import { DuckdbWorkArea } from './work-area.ts'

export interface DuckdbHooks {
  /** between the clock and the ceiling; tests begin a late transaction there */
  readonly betweenClockAndCeiling: () => Promise<void>
}

/** the value, its hexadecimal digits, the text of both, and the writer's own */
const COPIES_OF_VALUE = 8
const TRUE = sql`TRUE`

const NO_HOOKS: DuckdbHooks = { betweenClockAndCeiling: () => Promise.resolve() }

/** Opens what a flow needs. In read mode no file is made or changed; a target that does not exist yet is no error. */
export const openDuckdbBench = (options: OpenBench, hooks: DuckdbHooks = NO_HOOKS): Promise<Bench> =>
  openBenchFrom(options, attachedEnd, attachedTarget, hooks)

export type OpenSourceEnd = (options: OpenBench, opening: AsyncDisposableStack) => Promise<SourceEnd>

export async function openBenchFrom(
  options: OpenBench,
  openSource: OpenSourceEnd,
  openTarget: OpenTargetEnd,
  hooks: DuckdbHooks = NO_HOOKS,
): Promise<DuckdbBench> {
  await using opening = new AsyncDisposableStack()
  makeTempFolder(options, opening)
  // the target first: where both are one file, it has to be open for writing
  const target = await openTarget(options, opening)
  const source = await openSource(options, opening)
  const work = opening.use(await openWork(options))
  const catalogs: DuckdbCatalogs = {
    kit: duckdbKit,
    source: withSpool(source.names, work.catalog),
    target: attachedTables(target.catalog ?? 'missing', target.file?.catalog ?? 'missing'),
    work: (name) => ident(work.catalog, 'main', name),
    workCatalog: work.catalog,
    say: SHARED_STATEMENTS,
    secret: options.secret,
  }
  // whatever the session belongs to, the views it reads are the source's
  const session = opening.use(await (target.file ?? work).session('engine', source.folder))
  const workSession = opening.use(await work.session('engine', source.folder))
  session.discreet = workSession.discreet = options.discreet ?? false
  const spools: Spools = {
    session: workSession,
    folder: options.workPath === null ? null : dirname(options.workPath),
    whole: options.spools ?? false,
  }
  return new DuckdbBench({ source, target }, session, spools, catalogs, hooks, opening.move())
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
    return await openFile(path, 'write', options)
  } catch (error) {
    if (path === IN_MEMORY || !(error instanceof AppError) || error.code !== 'TM2003') throw error
    for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true })
    return await openFile(path, 'write', options)
  }
}

interface Spools {
  readonly session: DuckdbSession
  readonly folder: string | null
  readonly whole: boolean
}

interface Ends {
  readonly source: SourceEnd
  readonly target: TargetEnd
}

export class DuckdbBench implements Bench {
  readonly source: SourcePort
  readonly target: DuckdbTarget
  readonly work: DuckdbWorkArea | RangesAlone
  readonly embedded?: EmbeddedDuckdb
  readonly #files: Ends
  readonly #session: DuckdbSession
  readonly catalogs: DuckdbCatalogs
  readonly #catalogs: DuckdbCatalogs
  readonly #opened: AsyncDisposableStack
  /** sessions between batches, ready for the next one */
  readonly #idle: DuckdbSession[] = []
  readonly #rowIds = new Map<string, boolean>()
  readonly #duplicates = new Duplicates(isDuplicate)
  readonly #arrivals: Arrivals | null

  constructor(
    files: Ends,
    session: DuckdbSession,
    spools: Spools,
    catalogs: DuckdbCatalogs,
    hooks: DuckdbHooks,
    opened: AsyncDisposableStack,
  ) {
    this.#files = files
    this.#session = session
    this.catalogs = this.#catalogs = catalogs
    this.#opened = opened
    const { source } = files
    const { departure } = source
    this.target = files.target.target(session, catalogs, departure && ((type) => departure.source.logicalTypeOf(type)))
    this.#arrivals = departure && new Arrivals(departure, this.target, catalogs, spools.folder ?? source.folder)
    const targetOf = (r: FlowRelation) => stateOf(this.target, r.target.table)
    const named = { catalogs, words: inWords(catalogs, files), hot: files.target.hot(session, catalogs) }
    if (departure !== null) {
      this.source = departure.source
      this.work = departure.work
      if (!spools.whole || departure.whole === undefined) return
      const end = { still: () => {}, spoolBytes: () => 0n, folder: null, explain: (e: unknown) => Promise.resolve(e) }
      this.embedded = new EmbeddedDuckdb(spools.session, named, end, targetOf, this.#arrivals)
      this.work = new DuckdbWorkArea(spools.session, catalogs, end, {
        rowIds: (r) => this.#readsByRowId(r),
        fingerprint: (r) => (readsSpool(r) ? this.#readAt(r) : Promise.resolve(null)),
        target: targetOf,
      })
      return
    }
    const facts = source.facts(session)
    this.source = new DuckdbSource(facts, session, catalogs, source.location, hooks.betweenClockAndCeiling)
    const end = { ...source, folder: spools.folder, explain: (error: unknown) => facts.explain(error) }
    this.embedded = new EmbeddedDuckdb(spools.session, named, end, targetOf, null)
    this.work = new DuckdbWorkArea(spools.session, catalogs, end, {
      rowIds: (r) => this.#readsByRowId(r),
      // a file that this run, or one beside it, writes changes with every batch
      fingerprint: (r) =>
        !readsSpool(r) && (source.filledBeside || (source.file !== null && source.file === files.target.file?.path))
          ? Promise.resolve(null)
          : this.#readAt(r),
      target: targetOf,
    })
  }

  lanes(relation: FlowRelation): LaneFacts {
    return this.#files.source.lanes(relation)
  }

  /** Of what the relation reads. */
  async #readAt(r: FlowRelation): Promise<string | null> {
    return readsSpool(r) && this.work.capturesKeys ? await this.work.spooled() : await this.source.fingerprint()
  }

  /** The spool stands still by itself. */
  #still(r: FlowRelation): void {
    if (!readsSpool(r)) this.#files.source.still()
  }

  async #readsByRowId(r: FlowRelation): Promise<boolean> {
    if (readsSpool(r)) return true
    const name = r.source.table.join('.')
    const known = this.#rowIds.get(name) ?? (await this.#files.source.hasRowNumbers(this.#session, r.source.table))
    this.#rowIds.set(name, known)
    return known
  }

  /** A table beside is a table of the database, whatever its rows become. */
  #landing(relation: FlowRelation): TargetEnd['landing'] {
    return relation.target.beside === null ? this.#files.target.landing : null
  }

  async begin(relation: FlowRelation, key: FenceKey, batch: BatchKey, worker: number): Promise<BatchTransaction> {
    const { file: target } = this.#files.target
    const landing = this.#landing(relation)
    if (target === null) throw new TypeError('a bench in read mode has no batches')
    const session = this.#idle.pop() ?? (await target.session('engine', this.#files.source.folder))
    session.discreet = this.#session.discreet
    session.fills = relation.target.table
    const room = await reserveMemory(relation.columns.length, this.#perThread(relation))
    const tx = new DuckdbTransaction(session, this.#catalogs, key, batch, this.target.location, () => {
      room[Symbol.dispose]()
      session.fills = null
      if (!session.closed) this.#idle.push(session)
    })
    if (landing !== null) tx.afterCommit = () => landing.committed(tx, relation)
    try {
      await tx.enter(worker)
      return tx
    } catch (error) {
      await tx[Symbol.asyncDispose]()
      throw error
    }
  }

  #perThread(relation: FlowRelation): number {
    if (this.#files.source.file !== null || readsSpool(relation)) return 0
    return this.#arrivals !== null && this.#landing(relation) !== null ? PER_THREAD.csvToParquet : PER_THREAD.file
  }

  async stage(
    tx: BatchTransaction,
    relation: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part: BatchPart | null = null,
    how: StageHow = { lane: 'pushdown', knowsBadRows: false },
  ): Promise<Staged> {
    const own = ours(tx)
    own.split = split
    own.partial = part !== null
    if (this.#arrivals !== null && !readsSpool(relation))
      return await this.#stageArrived(this.#arrivals, own, relation, selection, split, part, how.knowsBadRows)
    this.#still(relation)
    await refuseChangedTypes(own, this.#catalogs, relation, this.#landing(relation) === null)
    if (split.readAt === null) return this.#stageByKey(own, relation, selection, split, part)
    await this.#refuseMoved(relation, split)
    own.fresh = await this.#holdsOnlyThisRun(own, relation)
    const [predicate = TRUE] = predicates(this.#catalogs, relation, selection, !own.fresh)
    own.staged = apply.slice(this.#catalogs, relation, part ?? split, predicate)
    return { rows: split.rows, bytes: split.bytes }
  }

  async #stageArrived(
    arrivals: Arrivals,
    own: DuckdbTransaction,
    flow: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part: BatchPart | null,
    knowsBadRows: boolean,
  ): Promise<Staged> {
    const r = arrivals.relation(flow)
    if (this.#landing(flow) === null) await refuseChangedTarget(own, this.#catalogs, flow)
    const file = own.leftovers.use(await arrivals.fetch(flow, selection, split, own.batch))
    own.arrived = r
    own.split = { ...split, readAt: null }
    const whole = part === null && !knowsBadRows && !arrivals.looksAtRows(r)
    own.fresh = whole && (await this.#holdsOnlyThisRun(own, r))
    own.arriving = own.fresh ? file.rows : null
    own.staged = own.fresh ? arrivals.inPlace(r, file) : await arrivals.stage(own, r, file, part)
    return { rows: file.bytes === 0n ? 0n : split.rows || 1n, bytes: file.bytes }
  }

  /** Then one INSERT reads the source and writes the target, and no row is looked up or staged. */
  async #holdsOnlyThisRun(own: DuckdbTransaction, relation: FlowRelation): Promise<boolean> {
    const landing = this.#landing(relation)
    if (landing !== null) return this.#arrivals !== null && landing.holdsOnly(own.batch.run, relation)
    const { unique, folded } = relation.target.rules
    if (unique.length > 0 || folded.length > 0) return false
    if (relation.position !== null && relation.position.targetColumn === null) return false
    const [row] = await own.query(holdsOnlyThisRun(this.#catalogs, relation, own.key, own.batch.run))
    return row?.[0] === 'true'
  }

  async #refuseMoved(relation: FlowRelation, split: CapturedBatch): Promise<void> {
    if ((await this.#readAt(relation)) !== split.readAt)
      throw new AppError('TM5006', `${relation.source.table.join('.')} on ${this.source.location}`)
  }

  async #stageByKey(
    own: DuckdbTransaction,
    relation: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part: BatchPart | null,
  ): Promise<Staged> {
    const template = stepAt(relation, split.step)?.batch ?? null
    own.staged = apply.staged(relation)
    if (template !== null) {
      const given = await stageGiven(own, this.#catalogs, relation, template, { selection, split, part }, true)
      return { rows: given, bytes: split.bytes }
    }
    const rows = await stageByKey(own, this.#catalogs, relation, split, part, await this.#range(relation, split))
    return { rows, bytes: split.bytes }
  }

  async #range(relation: FlowRelation, split: CapturedBatch): Promise<Sql | null> {
    return (await this.#readsByRowId(relation)) ? apply.capturedRange(this.#catalogs, relation, split) : null
  }

  async describeTemplate(
    relation: FlowRelation,
    template: PlannedTemplate,
    targetExists: boolean,
  ): Promise<readonly TemplateColumn[]> {
    const statement = templateSql(this.#catalogs, relation, template, { window: null, targetExists, taken: null })
    const where = this.source.location
    const isOne = await this.#session.isOneSelect(textOf(statement)).catch((error: unknown) => {
      throw translate(error, where, 'TM4037')
    })
    if (!isOne) throw new AppError('TM4037', `${where}: it is another statement than one SELECT`)
    const columns = await query(this.#session, sql`DESCRIBE ${statement}`, where, 'TM4037')
    return columns.map(([name, type]) => ({ name: name ?? '', type: type ?? '' }))
  }

  async apply(
    tx: BatchTransaction,
    relation: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    const own = ours(tx)
    const { split, staged } = own
    if (split === null || staged === null) throw new TypeError('nothing is staged')
    if (own.arrived !== null && own.arrived !== relation)
      return await this.#applyArrived(own, own.arrived, kind, policy)
    const sift = new Sift(own, this.#catalogs, relation, { staged, split }, policy)
    await sift.foresee()
    const into = { target: this.target, landing: this.#landing(relation) }
    const landing = land(own, this.#catalogs, relation, kind, sift, into)
    const counts = withOut(await this.#duplicates.toldIn(own.batch, landing), sift)
    if (counts.rejected > 0n) await own.exec(insertRejects(this.#catalogs.target, own.key, own.batch, sift.rejects))
    this.#still(relation)
    if (split.readAt !== null) {
      if (counts.read !== split.rows && !own.partial)
        throw new AppError('TM5006', `${relation.source.table.join('.')} gave ${counts.read} rows for ${split.rows}`)
      await this.#refuseMoved(relation, split)
    }
    return counts
  }

  async #applyArrived(
    own: DuckdbTransaction,
    arrived: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    try {
      const counts = await this.apply(own, arrived, kind, policy)
      this.#arrivals?.missNone(counts.read, own.arriving)
      return counts
    } catch (error) {
      throw this.#arrivals?.afterFailure(error) ?? error
    }
  }

  /** Writes what a SELECT over the source and the work file gives, rows of so many bytes; for rows that leave. */
  async writeOut(statement: (c: DuckdbCatalogs) => Sql, bytes: bigint): Promise<void> {
    const write = async (more: number): Promise<void> => {
      using _room = await reserveMemory(1, PER_THREAD.file, more)
      await exec(this.#session, statement(this.#catalogs), this.source.location, 'TM4019')
    }
    await write(0).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'TM2004') throw error
      // a few rows may have nearly all of the bytes, and each is there several times over while it is written
      return write(COPIES_OF_VALUE * Number(bytes))
    })
  }

  async weighSwap(relation: FlowRelation, selection: Selection): Promise<bigint> {
    if ((await this.target.describe(relation.target.table)) === null) return 0n
    const [predicate = TRUE] = predicates(this.#catalogs, relation, selection, true)
    return count(this.#session, vanishingUnder(this.#catalogs, relation, predicate), this.target.location)
  }

  async weigh(
    flow: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy = FAILS,
  ): Promise<RowCounts> {
    const c = this.#catalogs
    const here = senderOf(this.#session, this.target.location)
    const { landing } = this.#files.target
    const target = {
      facts: await this.target.describe(flow.target.table),
      keepsPositions: flow.position?.targetColumn === null && (await this.target.keepsPositions(flow.target.table)),
    }
    const folder = landing && ((r: FlowRelation, staged: apply.Staging) => landing.weigh(here, c, r, staged))
    if (this.#arrivals !== null && !readsSpool(flow)) {
      using file = await this.#arrivals.fetch(flow, selection, split, null)
      const arrived = this.#arrivals.relation(unheld(flow, target))
      const staged = await this.#arrivals.stage(here, arrived, file, null)
      const rows = await here.count(sql`SELECT count(*) FROM ${apply.STAGE}`)
      const batch = { staged, rows, split: { ...split, readAt: null }, kind, policy }
      return await weighStaged(here, c, arrived, batch, target.facts, folder)
    }
    return weighBatch(here, c, flow, { selection, split, kind, policy }, target, {
      slice: (r, exists) => apply.slice(c, r, split, predicates(c, flow, selection, exists)[0] ?? TRUE),
      narrowing: (r) => this.#range(r, split),
      landing: folder,
    })
  }

  explain(
    flow: FlowRelation,
    chosen: Selection,
    kind: 'insert-missing' | 'latest',
    lane: Lane,
  ): readonly { readonly name: string; readonly text: string }[] {
    return explainBatch({
      c: inWords(this.#catalogs, this.#files),
      landing: this.#landing(flow),
      flow,
      chosen,
      kind,
      lane,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#idle) session.close()
    await this.#opened.disposeAsync()
  }
}
