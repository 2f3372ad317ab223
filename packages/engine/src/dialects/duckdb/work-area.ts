/** The captured keys of one run, in a DuckDB file of their own. */
import { type DuckdbSession, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import type { CapturedRanges, FlowRelation, RangesRequest, Selection, WorkArea } from '../contract.ts'
import { readsSpool } from '../lanes.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { Sql } from '../sql-text.ts'
import { predicates } from '../relational/selection.sql.ts'
import * as capture from '../relational/capture.sql.ts'
import type { Sender } from '../relational/sender.ts'
import { KeyWorkArea, type WorkHooks } from '../relational/work-area.ts'
import { translate } from './errors.ts'
import type { DuckdbCatalogs } from './names.ts'
import { senderOf } from './run-sql.ts'
import { refuseNoRoom } from './refuse-no-room.ts'
import type { SourceEnd } from './source-end.ts'
import { refuseUnfit } from './refuse-batch.ts'
import { columnsOfWork, createSpool, findSpooled, keysInSpool, markSpooled, spoolRows } from './spool.sql.ts'

/** Rows of a row group: an INSERT that reads whole ones writes whole ones, half as long as one that cuts them. */
export const ROW_GROUP = 122_880n

/** One pass over one table takes the selection's rows, each at one place. */
export const readsRanges = (r: FlowRelation): boolean =>
  r.tree === null && r.source.joins.length === 0 && r.steps.every((step) => step.queue === null && step.batch === null)

/** What a spool is taken from, and the folder it grows in; null: in memory. */
export interface SpooledEnd extends Pick<SourceEnd, 'still' | 'spoolBytes'> {
  readonly folder: string | null
  /** the error of a statement that read the source */
  explain(error: unknown): Promise<unknown>
}

/** `fingerprint`: of a source that only its owner changes; null: this run changes it itself. */
export interface DuckdbWorkHooks extends Pick<WorkHooks, 'rowIds' | 'target'> {
  fingerprint(relation: FlowRelation): Promise<string | null>
}

const hasTable =
  (session: DuckdbSession, catalog: string) =>
  async (table: string): Promise<boolean> => {
    const found = await session.rows('SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = ?', [
      catalog,
      table,
    ])
    return found.length > 0
  }

export class DuckdbWorkArea extends KeyWorkArea implements WorkArea {
  readonly #session: DuckdbSession
  readonly #sender: Sender
  readonly #has: (table: string) => Promise<boolean>
  readonly #catalogs: DuckdbCatalogs
  readonly #end: SpooledEnd
  readonly #hooks: DuckdbWorkHooks

  constructor(session: DuckdbSession, catalogs: DuckdbCatalogs, end: SpooledEnd, hooks: DuckdbWorkHooks) {
    const sender = senderOf(session, 'capture', 'TM4019')
    const has = hasTable(session, catalogs.workCatalog)
    super(sender, catalogs, {
      ...hooks,
      has,
      still: (r) => {
        if (!readsSpool(r)) end.still()
      },
      numbered: () => Promise.resolve(),
    })
    this.#session = session
    this.#sender = sender
    this.#has = has
    this.#catalogs = catalogs
    this.#end = end
    this.#hooks = hooks
  }

  async spooled(): Promise<string | null> {
    if (!(await this.#has('spooled'))) return null
    return (await this.#sender.query(findSpooled(this.#catalogs)))[0]?.[0] ?? null
  }

  async spool(relation: FlowRelation, selection: Selection, rows: bigint): Promise<void> {
    const c = this.#catalogs
    if (this.#end.folder !== null) refuseNoRoom(this.#end.folder, this.#end.spoolBytes(relation, rows))
    const taken = predicates(c, relation, selection, (await this.#hooks.target(relation)) !== 'missing')
    using _room = await reserveMemory(relation.columns.length, PER_THREAD.file)
    await this.#session.begin()
    try {
      await refuseUnfit(this.#sender, c, relation, spoolRows(c, relation, taken))
      await this.#sender.exec(createSpool(c, relation, taken))
      this.#end.still()
      await this.#sender.exec(markSpooled(c))
      await this.#session.commit()
    } catch (error) {
      await this.#session.rollback()
      throw translate(await this.#end.explain(error), 'spool', 'TM4019')
    }
  }

  async inSpool(relation: FlowRelation, keys: readonly string[]): Promise<readonly string[]> {
    if (keys.length === 0) return []
    return (await this.#sender.query(keysInSpool(this.#catalogs, relation, keys))).map(([key]) => key ?? '')
  }

  /** What reads the spool, in the types that it has: the target's are another engine's where that has the target. */
  async asSpooled(relation: FlowRelation): Promise<FlowRelation> {
    const rows = await this.#sender.query(columnsOfWork(this.#catalogs.workCatalog, 'spool'))
    const types = new Map(rows.map(([name, type]) => [name, type]))
    const held = (x: PlannedColumn): PlannedColumn => {
      const type = types.get(x.source) ?? x.sourceType
      return { ...x, sourceType: type, targetType: type }
    }
    return { ...relation, key: relation.key.map(held), columns: relation.columns.map(held) }
  }

  async ranges({ relation, selection, size }: RangesRequest): Promise<CapturedRanges | null> {
    const readAt = await this.#hooks.fingerprint(relation)
    if (readAt === null || !readsRanges(relation) || !(await this.#hooks.rowIds(relation))) return null
    const c = this.#catalogs
    const all = predicates(c, relation, selection, (await this.#hooks.target(relation)) !== 'missing')
    const [predicate] = all
    if (!predicate || all.length !== 1) return null
    const buckets = await this.#buckets(relation, predicate, size)
    const nullKeys = buckets.reduce((n, b) => n + b.nullKeys, 0n)
    const stepsBack = capture.keyStepsBack(c, relation, predicate)
    const inOrder = nullKeys === 0n && stepsBack !== null && (await this.#sender.query(stepsBack)).length === 0
    const duplicates = inOrder ? [] : await this.#sender.query(capture.repeatedSourceKeys(c, relation, predicate))
    // counted and checked by two statements: nothing may have changed between them
    if (!readsSpool(relation)) this.#end.still()
    if ((await this.#hooks.fingerprint(relation)) !== readAt) return null
    return {
      check: { nullKeys, duplicates: duplicates.map(([key]) => key ?? '') },
      batches: joinBuckets(buckets, size).map((b) => ({ step: 1, wave: 1, readAt, range: null, ...b })),
    }
  }

  /** The captured keys of each run are a file of its own. */
  runs(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  remove(): Promise<void> {
    return Promise.resolve()
  }

  /** Fine enough that none is larger than a batch, but for a single row. */
  async #buckets(
    relation: FlowRelation,
    predicate: Sql,
    size: { readonly rows: number; readonly bytes: number },
  ): Promise<readonly Bucket[]> {
    const limit = BigInt(size.bytes)
    const average = this.#catalogs.source.averageBytes(relation.source.table)
    // far from the limit, an average is good enough
    const rough = average !== null && average * BigInt(size.rows) * 2n <= limit ? average : null
    let width = BigInt(size.rows) < ROW_GROUP ? BigInt(size.rows) : ROW_GROUP
    for (;;) {
      const rows = await this.#sender.query(capture.bucketQuery(this.#catalogs, relation, predicate, width, rough))
      const buckets = rows.map((row): Bucket => {
        const [first, last, n, bytes, nullKeys] = row.map((v) => BigInt(v ?? '0'))
        return { first: first ?? 0n, last: last ?? 0n, rows: n ?? 0n, bytes: bytes ?? 0n, nullKeys: nullKeys ?? 0n }
      })
      const largest = buckets.reduce((max, b) => (b.rows > 1n && b.bytes > max ? b.bytes : max), 0n)
      if (largest <= limit || width === 1n) return buckets
      const finer = (width * limit) / (largest * 2n)
      width = finer < 1n ? 1n : finer
    }
  }
}

interface Bucket {
  readonly first: bigint
  readonly last: bigint
  readonly rows: bigint
  readonly bytes: bigint
  readonly nullKeys: bigint
}

/** Neighbours together, as long as they make one batch. */
export function joinBuckets(
  buckets: readonly Bucket[],
  size: { readonly rows: number; readonly bytes: number },
): readonly Omit<Bucket, 'nullKeys'>[] {
  const joined: Omit<Bucket, 'nullKeys'>[] = []
  for (const { first, last, rows, bytes } of buckets) {
    const open = joined.at(-1)
    if (open && open.rows + rows <= BigInt(size.rows) && open.bytes + bytes <= BigInt(size.bytes))
      joined[joined.length - 1] = { first: open.first, last, rows: open.rows + rows, bytes: open.bytes + bytes }
    else joined.push({ first, last, rows, bytes })
  }
  return joined
}
