/** A bench in a PostgreSQL database whose rows come from somewhere that it does not see: lanes `relay` and `spool`. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { PostgresSession } from '../../drivers/postgres.ts'
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
import type { Departure, Wire } from '../departure.ts'
import { lanesFrom } from '../departure-lanes.ts'
import type { Lane, LaneFacts } from '../lanes.ts'
import type { TemplateColumn } from '../planned-steps.ts'
import type { BatchPart, RowPolicy } from '../row-policy.ts'
import { ident } from '../sql-text.ts'
import type { Catalogs } from '../relational/names.ts'
import { FAILS } from '../relational/sift.ts'
import { unheld, weighStaged } from '../relational/weigh.ts'
import { SHARED_STATEMENTS } from '../relational/statements.ts'
import type { DuckdbDeparture } from '../duckdb/departure.ts'
import type { EmbeddedWork } from '../embedded-work.ts'
import { arrivedBy, notBinary, receiveInto, receiveStaged } from './arriving.ts'
import { BatchTarget } from './batch-target.ts'
import { classify } from './errors.ts'
import { embeddedBesidePostgres } from './embedded.ts'
import { explainLanding } from './explain-batch.ts'
import { isFilledByRun } from './fresh-target.sql.ts'
import { canUpsert, withAddresses } from './land.ts'
import { sourceNames, targetNames } from './names.ts'
import { knownVersion } from './server-version.ts'
import { refuseChangedTarget } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, openSession, type PostgresConnection } from './session.ts'
import { postgresKit } from './sql-kit.ts'
import { PostgresTarget } from './target.ts'
import { ours, PostgresTransaction } from './transaction.ts'

export async function openPostgresArrival(options: OpenBench, from: Departure): Promise<Bench> {
  await using opening = new AsyncDisposableStack()
  const spool = options.spools === true ? await openSpool(options, from) : null
  opening.use(spool?.from ?? from)
  const into = connectionOf(options.target.options, 'target')
  const session = opening.use(await openSession(into, options.mode === 'write' ? 'target' : 'source'))
  session.discreet = options.discreet ?? false
  const catalogs: Catalogs = {
    kit: postgresKit(await knownVersion(session, into.location)),
    source: sourceNames(into.schema),
    target: targetNames(into.schema),
    work: (name) => ident('pg_temp', name),
    say: SHARED_STATEMENTS,
    secret: options.secret,
  }
  return new ArrivalBench({ source: from, spool }, into, session, catalogs, opening.move())
}

/** Where the rows come from: the source, and where a capture takes all of them out, the spool that they leave from. */
interface Ends {
  readonly source: Departure
  readonly spool: { readonly from: DuckdbDeparture; readonly work: RangesAlone } | null
}

/** Loaded by runs that need it: other rows pass by the embedded engine. */
async function openSpool(options: OpenBench, source: Departure): Promise<Ends['spool']> {
  const { openLeavingSpool, rangesOfSpool } = await import('../duckdb/leaving-spool.ts')
  const from = await openLeavingSpool(options, source)
  return from && { from, work: rangesOfSpool(from.area) }
}

class ArrivalBench implements Bench {
  readonly source: SourcePort
  readonly work: RangesAlone
  readonly embedded?: EmbeddedWork
  readonly target: PostgresTarget
  readonly #from: Departure
  readonly #into: PostgresConnection
  readonly #session: PostgresSession
  readonly #catalogs: Catalogs
  readonly #opened: AsyncDisposableStack
  readonly #batches: BatchTarget
  /** a row that was thought new was there: from now on every batch is staged */
  #collided = false

  constructor(
    { source, spool }: Ends,
    into: PostgresConnection,
    session: PostgresSession,
    catalogs: Catalogs,
    opened: AsyncDisposableStack,
  ) {
    this.#from = spool?.from ?? source
    this.#into = into
    this.#session = session
    this.#catalogs = catalogs
    this.#opened = opened
    this.source = source.source
    this.work = spool?.work ?? source.work
    // whoever speaks the same bulk format has the same types
    const foreign = source.wires.includes('pgcopy') ? null : (type: string) => source.source.logicalTypeOf(type)
    this.target = new PostgresTarget(into, session, catalogs, foreign)
    this.#batches = new BatchTarget(into, session, catalogs, this.target)
    if (spool !== null)
      this.embedded = embeddedBesidePostgres(spool.from, { into, session, catalogs, target: this.target })
  }

  lanes(relation: FlowRelation): LaneFacts {
    return lanesFrom(this.#from, ['pgcopy', 'csv'], relation, notBinary)
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
    how: StageHow = { lane: 'relay', knowsBadRows: false },
  ): Promise<Staged> {
    const own = ours(tx)
    const wire: Wire = how.lane === 'relay' ? 'pgcopy' : 'csv'
    const incoming = { flow, selection, split, wire }
    await refuseChangedTarget(own.session, this.#catalogs, flow, this.target.location)
    own.split = { ...split, readAt: null }
    if (part === null && !how.knowsBadRows && (await this.#takesAnyRow(own, flow, wire))) {
      const { rows, bytes } = await receiveInto(own.session, this.#catalogs, this.#from, incoming).catch(
        (error: unknown) => {
          if (classify(error) !== 'constraint') throw error
          this.#collided = true
          throw new AppError('TM5003', `${flow.target.table.join('.')} has some of the rows`, { cause: error })
        },
      )
      own.landed = rows
      return { rows, bytes }
    }
    const judged = !canUpsert(flow, 'latest', await this.#batches.landing(flow))
    const received = await receiveStaged(own, own.session, this.#catalogs, this.#from, this.target, incoming, {
      part,
      judged,
    })
    own.arrived = received.relation
    own.staged = received.staged
    own.stagedRows = received.rows
    return { rows: received.rows, bytes: received.bytes }
  }

  /** No row can be there, and none is to be looked at before it lands. A key that is there after all fails the COPY. */
  async #takesAnyRow(own: PostgresTransaction, flow: FlowRelation, wire: Wire): Promise<boolean> {
    const r = arrivedBy(wire, flow, this.target)
    const table = await this.#batches.landing(flow)
    return (
      !this.#collided &&
      (wire === 'csv' || flow.columns.every((x) => !table.domainArrays.includes(x.target))) &&
      r.columns.every((x) => x.cast === null && x.sourceType === x.targetType) &&
      flow.columns.every((x) => x.cast === null) &&
      flow.target.rules.notNull.length === 0 &&
      canUpsert(flow, 'latest', table) &&
      (await own.query(isFilledByRun(this.#catalogs, flow, own.key, own.batch.run)))[0]?.[0] === 't'
    )
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
    const here = senderOf(session, this.target.location)
    const facts = await this.target.describe(flow.target.table)
    const keepsPositions = flow.position?.targetColumn === null && (await this.target.keepsPositions(flow.target.table))
    await session.begin()
    try {
      const wire: Wire = this.lanes(flow).relay.possible ? 'pgcopy' : 'csv'
      const incoming = { flow, selection, split, wire }
      const { rows, staged, relation } = await receiveStaged(
        here,
        session,
        this.#catalogs,
        this.#from,
        this.target,
        incoming,
        { part: null, judged: true },
      )
      const c = facts === null ? this.#catalogs : withAddresses(this.#catalogs, await this.#batches.landing(flow))
      const batch = { staged, rows, split: { ...split, readAt: null }, kind, policy }
      return await weighStaged(here, c, unheld(relation, { keepsPositions }), batch, facts, null)
    } finally {
      await session.rollback()
    }
  }

  explain(
    flow: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
    lane: Lane,
  ): readonly { readonly name: string; readonly text: string }[] {
    const wire: Wire = lane === 'relay' ? 'pgcopy' : 'csv'
    const r = arrivedBy(wire, flow, this.target)
    return [
      { name: 'read', text: this.#from.explain(flow, selection, wire) },
      ...explainLanding(this.#catalogs, r, kind),
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches[Symbol.asyncDispose]()
    await this.#opened.disposeAsync()
  }
}
