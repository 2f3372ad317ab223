/** A bench in a SQL Server database whose rows come from somewhere that it does not see: lane `spool`. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type {
  BatchKey,
  BatchTransaction,
  Bench,
  CapturedBatch,
  FenceKey,
  FlowRelation,
  OpenBench,
  RangesAlone,
  Selection,
  SourcePort,
  Staged,
  StageHow,
} from '../contract.ts'
import type { Departure } from '../departure.ts'
import type { DuckdbDeparture } from '../duckdb/departure.ts'
import type { EmbeddedWork } from '../embedded-work.ts'
import { lanesFrom } from '../departure-lanes.ts'
import type { LaneFacts } from '../lanes.ts'
import type { TemplateColumn } from '../planned-steps.ts'
import type { Catalogs } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import { FAILS } from '../relational/sift.ts'
import { unheld, weighStaged } from '../relational/weigh.ts'
import type { BatchPart, RowPolicy } from '../row-policy.ts'
import {
  arrivedColumns,
  type ArrivedColumn,
  insertArrived,
  lookedAt,
  stageArrived,
  stageLookedAt,
} from './arriving.sql.ts'
import { arrivedBy, receive } from './arriving.ts'
import { BatchTarget } from './batch-target.ts'
import { catalogsOf, intoOf, placeOf } from './catalogs.ts'
import { embeddedBesideSqlServer } from './embedded.ts'
import { readFilesByLocks } from './file-tables.ts'
import { classify } from './errors.ts'
import { explainLanding } from './explain-batch.ts'
import { anyRow, broughtNewRows } from './fresh-target.sql.ts'
import { isKept, isPlain } from './land.ts'
import { TypesAsPlanned } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import { serverVersion } from './server-version.ts'
import { openSession, type SqlServerConnection } from './session.ts'
import { staged, stagedRows } from './stage.sql.ts'
import { printed } from './style.ts'
import { SqlServerTarget } from './target.ts'
import { ours, type SqlServerTransaction } from './transaction.ts'
import { numbering } from './verdict.sql.ts'
import { workPlace } from './work-area.ts'

/** `ofOurs`: rows come from a SQL Server, and their types are known as they are. */
export async function openSqlServerArrival(options: OpenBench, from: Departure, ofOurs: boolean): Promise<Bench> {
  await using opening = new AsyncDisposableStack()
  const spool = options.spools === true ? await openSpool(options, from) : null
  opening.use(spool?.from ?? from)
  const into = intoOf(options)
  const session = opening.use(await openSession(into, options.mode === 'write' ? 'target' : 'source'))
  session.discreet = options.discreet ?? false
  const { major } = await serverVersion(session, into.location)
  const tables = options.into === undefined ? [] : [options.into]
  const catalogs = await readFilesByLocks(catalogsOf(into, into, workPlace(null), options.secret, major), null, {
    session,
    tables,
    at: placeOf(into),
    where: into.location,
  })
  const target = new SqlServerTarget(into, session, catalogs, ofOurs ? null : (type) => from.source.logicalTypeOf(type))
  return new ArrivalBench({ source: from, spool, ofOurs }, into, session, catalogs, target, opening.move())
}

/** Where the rows come from: the source, and where a capture takes all of them out, the spool that they leave from. */
interface Ends {
  readonly source: Departure
  readonly spool: { readonly from: DuckdbDeparture; readonly work: RangesAlone } | null
  readonly ofOurs: boolean
}

/** Loaded by runs that need it: other rows pass by the embedded engine. */
async function openSpool(options: OpenBench, source: Departure): Promise<Ends['spool']> {
  const { openLeavingSpool, rangesOfSpool } = await import('../duckdb/leaving-spool.ts')
  const from = await openLeavingSpool(options, source)
  return from && { from, work: rangesOfSpool(from.area) }
}

/** duplicates of a constraint and of an index */
const DUPLICATE: ReadonlySet<unknown> = new Set([2627, 2601])

class ArrivalBench implements Bench {
  readonly source: SourcePort
  readonly work: RangesAlone
  readonly embedded?: EmbeddedWork
  readonly target: SqlServerTarget
  readonly #from: Departure
  readonly #into: SqlServerConnection
  readonly #session: SqlServerSession
  readonly #catalogs: Catalogs
  readonly #opened: AsyncDisposableStack
  readonly #batches: BatchTarget
  readonly #types = new TypesAsPlanned()
  /** a row that was thought new was there: from now on every batch is staged */
  #collided = false
  /** columns that had values of the length that takes room for any */
  readonly #long = new Set<string>()
  /** batches with a value that is not what its column says: they are looked at value by value */
  readonly #bad = new Set<string>()

  constructor(
    { source, spool, ofOurs }: Ends,
    into: SqlServerConnection,
    session: SqlServerSession,
    catalogs: Catalogs,
    target: SqlServerTarget,
    opened: AsyncDisposableStack,
  ) {
    this.#from = spool?.from ?? source
    this.#into = into
    this.#session = session
    this.#catalogs = catalogs
    this.#opened = opened
    this.source = source.source
    this.work = spool?.work ?? source.work
    this.target = target
    this.#batches = new BatchTarget(into, session, catalogs, target)
    if (spool !== null)
      this.embedded = embeddedBesideSqlServer(spool.from, {
        into,
        session,
        catalogs,
        target,
        types: this.#types,
        ofOurs,
      })
  }

  lanes(relation: FlowRelation): LaneFacts {
    return lanesFrom(this.#from, ['csv'], relation, () => null)
  }

  begin(_relation: FlowRelation, key: FenceKey, batch: BatchKey): Promise<BatchTransaction> {
    return this.#batches.begin(key, batch)
  }

  async stage(
    tx: BatchTransaction,
    flow: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part: BatchPart | null = null,
    how: StageHow = { lane: 'spool', knowsBadRows: false },
  ): Promise<Staged> {
    const own = ours(tx)
    const at = placeOf(this.#into)
    const places = { source: at, target: at }
    await this.#types.refuseOthers(own.session, this.#catalogs, flow, places, this.target.location, 'target')
    own.split = { ...split, readAt: null }
    const name = batchName(own.batch)
    const arrived = arrivedBy(flow, this.target)
    const where = this.target.location
    const batch = { flow, selection, split }
    const received = await receive(own.session, this.#from, arrived, batch, where, this.#long)
    const { rows } = received
    const isBad = this.#bad.has(name)
    const direct = part === null && !how.knowsBadRows && !isBad && (await this.#takesAnyRow(own, flow, arrived))
    try {
      if (direct) {
        await this.#insert(own, flow, arrived, received.columns)
        own.landed = rows
        return { rows, bytes: split.bytes }
      }
      own.arrived = await this.#stageArrived(own, arrived, received.columns, part, isBad)
    } catch (error) {
      throw this.#again(error, name, flow, direct)
    }
    own.staged = staged(own.arrived)
    own.stagedRows = part === null ? rows : await own.count(stagedRows)
    return { rows: own.stagedRows, bytes: split.bytes }
  }

  /** No row can be there, and none is to be looked at before it lands. A key that is there after all fails the INSERT. */
  async #takesAnyRow(own: SqlServerTransaction, flow: FlowRelation, r: FlowRelation): Promise<boolean> {
    return (
      !this.#collided &&
      isKept(r, await this.#batches.landing(flow)) &&
      isPlain(r, 'latest') &&
      flow.columns.every((x) => x.cast === null) &&
      flow.target.rules.notNull.length === 0 &&
      ((await own.query(broughtNewRows(this.#catalogs, own.key, own.batch.run))).length > 0 ||
        (await own.query(anyRow(this.#catalogs, flow))).length === 0)
    )
  }

  async #insert(
    own: SqlServerTransaction,
    flow: FlowRelation,
    r: FlowRelation,
    columns: readonly ArrivedColumn[],
  ): Promise<void> {
    const c = this.#catalogs
    const { identity } = await this.#batches.landing(flow)
    await execAll(own, numbering(c, r, identity, insertArrived(c, r, columns)))
  }

  /** As it is then known. */
  async #stageArrived(
    to: Sender,
    r: FlowRelation,
    columns: readonly ArrivedColumn[],
    part: BatchPart | null,
    isBad: boolean,
    exists = true,
  ): Promise<FlowRelation> {
    const c = this.#catalogs
    if (!isBad) {
      await execAll(to, stageArrived(c, r, columns, part))
      return r
    }
    const looked = lookedAt(r)
    await execAll(to, stageLookedAt(c, looked, columns, part, exists))
    return looked
  }

  /** A batch whose rows were refused where nobody had looked at them is tried once more, with a look. */
  #again(error: unknown, name: string, flow: FlowRelation, direct: boolean): unknown {
    if (classify(error) !== 'constraint') return error
    const isDuplicate = error instanceof AppError && DUPLICATE.has(error.facts['number'])
    if (direct && isDuplicate) this.#collided = true
    else if (this.#bad.has(name)) return error
    else this.#bad.add(name)
    return new AppError('TM5003', `${flow.target.table.join('.')} refused some of the rows`, { cause: error })
  }

  async apply(
    tx: BatchTransaction,
    flow: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    const own = ours(tx)
    if (own.landed !== null) return { ...NO_ROWS, read: own.landed, inserted: own.landed }
    return await this.#batches.land(own, own.arrived ?? flow, kind, policy)
  }

  describeTemplate(): Promise<readonly TemplateColumn[]> {
    return Promise.reject(new AppError('TM4016', 'steps with SQL of their own read source and target together'))
  }

  /** Which keys would vanish is told by both ends together. */
  weighSwap(): Promise<bigint> {
    return Promise.resolve(0n)
  }

  async weigh(
    flow: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy = FAILS,
  ): Promise<RowCounts> {
    await using session = await openSession(this.#into, 'target')
    session.discreet = this.#session.discreet
    const where = this.target.location
    const here = senderOf(session, where)
    const facts = await this.target.describe(flow.target.table)
    const keepsPositions = flow.position?.targetColumn === null && (await this.target.keepsPositions(flow.target.table))
    await session.begin()
    try {
      const arrived = arrivedBy(flow, this.target)
      const batchIn = { flow, selection, split }
      const { rows, columns } = await receive(session, this.#from, arrived, batchIn, where, this.#long)
      const relation = await this.#stageArrived(here, arrived, columns, null, true, facts !== null)
      const batch = { staged: staged(relation), rows, split: { ...split, readAt: null }, kind, policy }
      return await weighStaged(here, this.#catalogs, unheld(relation, { keepsPositions }), batch, facts, null)
    } finally {
      await session.rollback()
    }
  }

  explain(
    flow: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
  ): readonly { readonly name: string; readonly text: string }[] {
    const c = this.#catalogs
    const r = arrivedBy(flow, this.target)
    return [
      { name: 'read', text: this.#from.explain(flow, selection, 'csv') },
      ...stageArrived(c, r, arrivedColumns(r), null).map((statement) => ({ name: 'stage', text: printed(statement) })),
      ...explainLanding(c, r, kind, { identity: null, maxDop: null }),
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches[Symbol.asyncDispose]()
    await this.#opened.disposeAsync()
  }
}

const batchName = ({ run, step, batch }: BatchKey): string => `${run} ${step} ${batch}`
