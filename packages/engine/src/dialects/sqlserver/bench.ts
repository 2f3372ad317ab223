/** One server that sees source, target and the captured keys: everything is one statement inside it. */
import { basename } from 'node:path'
import type { RowCounts } from '@tidemark/contract/row-counts'
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
  Selection,
  Staged,
} from '../contract.ts'
import type { Lane, LaneFacts } from '../lanes.ts'
import { type PlannedTemplate, stepAt, type TemplateColumn } from '../planned-steps.ts'
import type { Catalogs } from '../relational/names.ts'
import { predicates } from '../relational/selection.sql.ts'
import type { Sender } from '../relational/sender.ts'
import { FAILS } from '../relational/sift.ts'
import { stageByKey, stageGiven } from '../relational/stage-batch.ts'
import { templateSql } from '../relational/template.sql.ts'
import { weighBatch } from '../relational/weigh.ts'
import { stateOf } from '../relational/work-area.ts'
import type { BatchPart, RowPolicy } from '../row-policy.ts'
import { sql } from '../sql-text.ts'
import { BatchTarget } from './batch-target.ts'
import { catalogsOf, intoOf, placeOf } from './catalogs.ts'
import { vanishingUnder } from './capture.sql.ts'
import { explainBatch } from './explain-batch.ts'
import { readFilesByLocks } from './file-tables.ts'
import { keyRange } from './key-range.ts'
import { type Places, TypesAsPlanned } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import { isSameServer } from './same-server.ts'
import { serverVersion } from './server-version.ts'
import { connectionOf, openSession, type SqlServerConnection } from './session.ts'
import { SqlServerSource } from './source.ts'
import { staged } from './stage.sql.ts'
import { SqlServerTarget } from './target.ts'
import { ours } from './transaction.ts'
import { columnsOf } from './type-of.ts'
import { SqlServerWorkArea, type WorkPlace, workPlace } from './work-area.ts'

export interface SqlServerHooks {
  /** between the clock and the ceiling; tests begin a late transaction there */
  readonly betweenClockAndCeiling: () => Promise<void>
}

const NO_HOOKS: SqlServerHooks = { betweenClockAndCeiling: () => Promise.resolve() }

const PUSHDOWN: LaneFacts = {
  pushdown: { possible: true, why: 'one server holds source and target' },
  relay: { possible: false, why: 'source and target are one server, which moves rows by itself' },
  spool: { possible: false, why: 'nothing has to be taken out of a server that holds both ends' },
}

/** Opens what a flow needs; null: the two are no one server. In read mode nothing is written that outlives the session. */
export async function openSqlServerBench(options: OpenBench, hooks: SqlServerHooks = NO_HOOKS): Promise<Bench | null> {
  await using opening = new AsyncDisposableStack()
  const writes = options.mode === 'write'
  const into = intoOf(options)
  const from = connectionOf(options.source.options, 'source')
  const session = opening.use(await openSession(into, writes ? 'target' : 'source'))
  const asking = opening.use(await openSession(from, 'source'))
  if (!(await isSameServer(asking, session, from, into))) return null
  const work = opening.use(await openSession(into, writes ? 'target' : 'source'))
  session.discreet = work.discreet = asking.discreet = options.discreet ?? false
  const { major } = await serverVersion(session, into.location)
  const place = workPlace(options.workPath === null ? null : basename(options.workPath, '.duckdb'))
  const places = { source: placeOf(from), target: placeOf(into) }
  const catalogs = await readFilesByLocks(
    catalogsOf(from, into, place, options.secret, major),
    { session: asking, tables: options.tables ?? [], at: places.source, where: from.location },
    { session, tables: options.into === undefined ? [] : [options.into], at: places.target, where: into.location },
  )
  const source = new SqlServerSource(from, asking, catalogs, options.tables ?? [], hooks.betweenClockAndCeiling)
  return new SqlServerBench({ session, work, source, into, places }, catalogs, place, opening.move())
}

interface Ends {
  /** asks, prepares and settles */
  readonly session: SqlServerSession
  /** captures; in a dry run it weighs too, since only it sees what it captured */
  readonly work: SqlServerSession
  readonly source: SqlServerSource
  readonly into: SqlServerConnection
  readonly places: Places
}

class SqlServerBench implements Bench {
  readonly source: SqlServerSource
  readonly target: SqlServerTarget
  readonly work: SqlServerWorkArea
  readonly #ends: Ends
  readonly #catalogs: Catalogs
  readonly #opened: AsyncDisposableStack
  readonly #batches: BatchTarget
  readonly #types = new TypesAsPlanned()

  constructor(ends: Ends, catalogs: Catalogs, place: WorkPlace, opened: AsyncDisposableStack) {
    this.#ends = ends
    this.#catalogs = catalogs
    this.#opened = opened
    this.source = ends.source
    this.target = new SqlServerTarget(ends.into, ends.session, catalogs)
    this.#batches = new BatchTarget(ends.into, ends.session, catalogs, this.target)
    const capture = senderOf(ends.work, 'capture', 'TM4019')
    this.work = new SqlServerWorkArea(capture, catalogs, place, (r) => stateOf(this.target, r.target.table))
  }

  lanes(): LaneFacts {
    return PUSHDOWN
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
    await this.#types.refuseOthers(own.session, c, relation, this.#ends.places, this.target.location)
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

  describeTemplate(
    relation: FlowRelation,
    template: PlannedTemplate,
    targetExists: boolean,
  ): Promise<readonly TemplateColumn[]> {
    const statement = templateSql(this.#catalogs, relation, template, { window: null, targetExists, taken: null })
    // as a part of another SELECT it can be nothing but one; a comment at its end stays its own
    const select = sql`SELECT * FROM (${statement}\n) AS q`
    return columnsOf(this.#ends.session, select, this.source.location, 'TM4037')
  }

  async weighSwap(relation: FlowRelation, selection: Selection): Promise<bigint> {
    if ((await this.target.describe(relation.target.table)) === null) return 0n
    const [predicate = sql`1 = 1`] = predicates(this.#catalogs, relation, selection, true)
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
    const target = {
      facts: await this.target.describe(flow.target.table),
      keepsPositions: flow.position?.targetColumn === null && (await this.target.keepsPositions(flow.target.table)),
    }
    return weighBatch(here, this.#catalogs, flow, { selection, split, kind, policy }, target, {
      slice: () => staged(flow),
      narrowing: (r) => keyRange(here, this.#catalogs, r, split),
      landing: null,
    })
  }

  get #weighing(): Sender {
    return senderOf(this.#ends.work, this.target.location, 'TM5001')
  }

  explain(
    flow: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
    lane: Lane,
  ): readonly { readonly name: string; readonly text: string }[] {
    if (lane !== 'pushdown') throw new AppError('TM4016', `${lane} within one server`)
    return explainBatch(this.#catalogs, flow, selection, kind)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches[Symbol.asyncDispose]()
    await this.#opened.disposeAsync()
  }
}
