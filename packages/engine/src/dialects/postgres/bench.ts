/** One PostgreSQL database that sees source, target and the captured keys: everything is one statement inside it. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import { basename } from 'node:path'
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
  type Selection,
  type Staged,
} from '../contract.ts'
import type { Lane, LaneFacts } from '../lanes.ts'
import { type PlannedTemplate, stepAt, type TemplateColumn } from '../planned-steps.ts'
import type { BatchPart, RowPolicy } from '../row-policy.ts'
import { sql } from '../sql-text.ts'
import { staged } from '../relational/apply.sql.ts'
import { vanishingUnder } from '../relational/capture.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { FAILS } from '../relational/sift.ts'
import { stageByKey, stageGiven } from '../relational/stage-batch.ts'
import { templateSql } from '../relational/template.sql.ts'
import { weighBatch } from '../relational/weigh.ts'
import { stateOf } from '../relational/work-area.ts'
import { SHARED_STATEMENTS } from '../relational/statements.ts'
import { openPostgresArrival } from './arrival-bench.ts'
import { BatchTarget } from './batch-target.ts'
import { openPostgresDeparture } from './departure.ts'
import { explainBatch } from './explain-batch.ts'
import { keyRange } from './key-range.ts'
import { withAddresses } from './land.ts'
import { targetNames } from './names.ts'
import { refuseChangedTypes } from './refuse-batch.ts'
import { count, senderOf } from './run-sql.ts'
import { connectionOf, openSession, type PostgresConnection } from './session.ts'
import { PostgresSource } from './source.ts'
import { openSourceEnd, type SourceEnd } from './source-end.ts'
import { postgresKit } from './sql-kit.ts'
import { PostgresTarget } from './target.ts'
import { ours } from './transaction.ts'
import { columnsOf } from './type-of.ts'
import { inMemory, PostgresWorkArea, workPlace } from './work-area.ts'

export interface PostgresHooks {
  /** between the clock and the ceiling; tests begin a late transaction there */
  readonly betweenClockAndCeiling: () => Promise<void>
}

const NO_HOOKS: PostgresHooks = { betweenClockAndCeiling: () => Promise.resolve() }

const TRUE = sql`TRUE`

/** Opens what a flow needs. In read mode nothing is written that outlives the bench's transaction. */
export async function openPostgresBench(options: OpenBench, hooks: PostgresHooks = NO_HOOKS): Promise<Bench> {
  if (options.spools === true) return await openPostgresArrival(options, await openPostgresDeparture(options))
  await using opening = new AsyncDisposableStack()
  const writes = options.mode === 'write'
  const into = connectionOf(options.target.options, 'target')
  const session = opening.use(await openSession(into, writes ? 'target' : 'source'))
  const work = opening.use(await openSession(into, 'target'))
  const begin = writes ? () => Promise.resolve() : dryRun(work)
  session.discreet = work.discreet = options.discreet ?? false
  const source = await openSourceEnd(connectionOf(options.source.options, 'source'), into, session, opening)
  if (!source.sees(options.tables ?? [])) {
    await opening.disposeAsync()
    return await openPostgresArrival(options, await openPostgresDeparture(options))
  }
  source.session.discreet = session.discreet
  const place = workPlace(options.workPath === null ? null : basename(options.workPath, '.duckdb'))
  const kit = await kitOf(session, into)
  const catalogs: Catalogs = {
    kit: writes ? kit : inMemory(kit),
    source: source.names,
    target: targetNames(into.schema),
    work: place.name,
    say: SHARED_STATEMENTS,
    secret: options.secret,
  }
  const ends = { session, work, begin, source, into }
  return new PostgresBench(ends, catalogs, place, hooks, opening.move())
}

/**
 * What it stages and captures is gone with its transaction, which holds nothing that anybody waits for. It begins with
 * the first statement: a plan has asked for the ceiling by then, and is not held back by itself.
 */
function dryRun(work: PostgresSession): () => Promise<void> {
  let begun: Promise<void> | null = null
  const begin = async (): Promise<void> => {
    await work.rows(`SELECT set_config('idle_in_transaction_session_timeout', '0', FALSE)`)
    await work.begin()
  }
  return () => (begun ??= begin())
}

async function kitOf(session: PostgresSession, { location }: PostgresConnection) {
  return postgresKit(Number(await count(session, sql`SELECT current_setting('server_version_num')`, location)))
}

interface Ends {
  /** asks, prepares and settles */
  readonly session: PostgresSession
  /** captures; in a dry run it weighs too, since only it sees what it captured */
  readonly work: PostgresSession
  /** before each statement of `work` */
  readonly begin: () => Promise<void>
  readonly source: SourceEnd
  readonly into: PostgresConnection
}

class PostgresBench implements Bench {
  readonly source: PostgresSource
  readonly target: PostgresTarget
  readonly work: PostgresWorkArea
  readonly #ends: Ends
  readonly #catalogs: Catalogs
  readonly #opened: AsyncDisposableStack
  readonly #batches: BatchTarget

  constructor(
    ends: Ends,
    catalogs: Catalogs,
    place: ReturnType<typeof workPlace>,
    hooks: PostgresHooks,
    opened: AsyncDisposableStack,
  ) {
    this.#ends = ends
    this.#catalogs = catalogs
    this.#opened = opened
    this.source = ends.source.port(catalogs, hooks.betweenClockAndCeiling)
    this.target = new PostgresTarget(ends.into, ends.session, catalogs)
    this.#batches = new BatchTarget(ends.into, ends.session, catalogs, this.target)
    const capture = senderOf(ends.work, 'capture', 'TM4019', ends.begin)
    this.work = new PostgresWorkArea(capture, catalogs, place, (r) => stateOf(this.target, r.target.table))
  }

  lanes(relation: FlowRelation): LaneFacts {
    return this.#ends.source.lanes(relation)
  }

  begin(_relation: FlowRelation, key: FenceKey, batch: BatchKey): Promise<BatchTransaction> {
    return this.#batches.begin(key, batch)
  }

  async stage(
    tx: BatchTransaction,
    relation: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part: BatchPart | null = null,
  ): Promise<Staged> {
    const own = ours(tx)
    const c = this.#catalogs
    await refuseChangedTypes(own.session, c, relation, this.target.location)
    const template = stepAt(relation, split.step)?.batch ?? null
    own.split = split
    own.staged = staged(relation)
    own.stagedRows =
      template === null
        ? await stageByKey(own, c, relation, split, part, await keyRange(own, c, relation, part ?? split))
        : await stageGiven(own, c, relation, template, { selection, split, part }, true)
    return { rows: own.stagedRows, bytes: split.bytes }
  }

  apply(
    tx: BatchTransaction,
    relation: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    return this.#batches.land(ours(tx), relation, kind, policy)
  }

  async describeTemplate(
    relation: FlowRelation,
    template: PlannedTemplate,
    targetExists: boolean,
  ): Promise<readonly TemplateColumn[]> {
    const statement = templateSql(this.#catalogs, relation, template, { window: null, targetExists, taken: null })
    // as a part of another SELECT it can be nothing but one; a comment at its end stays its own
    const select = sql`SELECT * FROM (${statement}\n) AS q LIMIT 0`
    return columnsOf(this.#ends.session, select, this.source.location, 'TM4037')
  }

  async weighSwap(relation: FlowRelation, selection: Selection): Promise<bigint> {
    if ((await this.target.describe(relation.target.table)) === null) return 0n
    const [predicate = TRUE] = predicates(this.#catalogs, relation, selection, true)
    return this.#weighing.count(vanishingUnder(this.#catalogs, relation, predicate))
  }

  async weigh(
    flow: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy = FAILS,
  ): Promise<RowCounts> {
    const here = this.#weighing
    const facts = await this.target.describe(flow.target.table)
    const c = facts === null ? this.#catalogs : withAddresses(this.#catalogs, await this.#batches.landing(flow))
    const target = {
      facts,
      keepsPositions: flow.position?.targetColumn === null && (await this.target.keepsPositions(flow.target.table)),
    }
    return weighBatch(here, c, flow, { selection, split, kind, policy }, target, {
      slice: () => staged(flow),
      narrowing: (r) => keyRange(here, c, r, split),
      landing: null,
    })
  }

  get #weighing(): Sender {
    return senderOf(this.#ends.work, this.target.location, 'TM5001', this.#ends.begin)
  }

  explain(
    flow: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
    lane: Lane,
  ): readonly { readonly name: string; readonly text: string }[] {
    if (lane !== 'pushdown') throw new AppError('TM4016', `${lane} within one database`)
    return explainBatch(this.#catalogs, flow, selection, kind)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches[Symbol.asyncDispose]()
    await this.#ends.work.rollback()
    await this.#opened.disposeAsync()
  }
}
