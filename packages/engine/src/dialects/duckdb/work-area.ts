/** The captured keys of one run, in a DuckDB file of their own. */
import { type DuckdbSession, reserveMemory } from '../../drivers/duckdb.ts'
import type {
  RangesRequest,
  CapturedBatch,
  CapturedRanges,
  FlowRelation,
  KeyCheck,
  Selection,
  WindowBounds,
  WorkArea,
} from '../contract.ts'
import type { Orphan, OrphanReason } from '../orphan.ts'
import { readsSpool } from '../lanes.ts'
import { queueOf } from '../planned-steps.ts'

import { joined, type Sql, sql } from '../sql-text.ts'
import * as capture from '../relational/capture.sql.ts'
import { keyType } from '../relational/columns.sql.ts'
import { keyName, typed, work } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import { readQueue } from '../relational/template.sql.ts'
import * as tree from '../relational/tree.sql.ts'
import { translate } from './errors.ts'
import type { DuckdbCatalogs } from './names.ts'
import { count, exec, query } from './run-sql.ts'
import { refuseNoRoom } from './refuse-no-room.ts'
import type { SourceEnd } from './source-end.ts'
import { refuseUnfit } from './refuse-batch.ts'
import { createSpool, findSpooled, keysInSpool, markSpooled, spoolRows } from './spool.sql.ts'

/** Rows of a row group: an INSERT that reads whole ones writes whole ones, half as long as one that cuts them. */
export const ROW_GROUP = 122_880n

/** One pass over one table takes the selection's rows, each at one place. */
export const readsRanges = (r: FlowRelation): boolean =>
  r.tree === null && r.source.joins.length === 0 && r.steps.every((step) => step.queue === null && step.batch === null)

interface Current {
  readonly relation: FlowRelation
  readonly epoch: number
  readonly rowIds: boolean
  readonly target: 'missing' | 'empty' | 'filled'
  selection: Selection | null
}

/** What a spool is taken from, and the folder it grows in; null: in memory. */
export interface SpooledEnd extends Pick<SourceEnd, 'still' | 'spoolBytes'> {
  readonly folder: string | null
  /** the error of a statement that read the source */
  explain(error: unknown): Promise<unknown>
}

export class DuckdbWorkArea implements WorkArea {
  readonly capturesKeys = true
  readonly #session: DuckdbSession
  readonly #catalogs: DuckdbCatalogs
  readonly #end: SpooledEnd
  readonly #rowIds: (relation: FlowRelation) => Promise<boolean>
  readonly #fingerprint: (relation: FlowRelation) => Promise<string | null>
  readonly #target: (relation: FlowRelation) => Promise<'missing' | 'empty' | 'filled'>
  #current: Current | null = null

  constructor(
    session: DuckdbSession,
    catalogs: DuckdbCatalogs,
    end: SpooledEnd,
    rowIds: (relation: FlowRelation) => Promise<boolean>,
    /** of a source that only its owner changes; null: this run changes it itself */
    fingerprint: (relation: FlowRelation) => Promise<string | null>,
    target: (relation: FlowRelation) => Promise<'missing' | 'empty' | 'filled'>,
  ) {
    this.#session = session
    this.#catalogs = catalogs
    this.#end = end
    this.#rowIds = rowIds
    this.#fingerprint = fingerprint
    this.#target = target
  }

  get #ctx() {
    if (this.#current === null) throw new TypeError('no capture was started')
    const { relation, epoch, rowIds, target, selection } = this.#current
    return { c: this.#catalogs, r: relation, epoch, rowIds, selection, target, targetExists: target !== 'missing' }
  }

  async spooled(): Promise<string | null> {
    if (!(await this.#has('spooled'))) return null
    return (await this.#query(findSpooled(this.#catalogs)))[0]?.[0] ?? null
  }

  async spool(relation: FlowRelation, selection: Selection, rows: bigint): Promise<void> {
    const c = this.#catalogs
    if (this.#end.folder !== null) refuseNoRoom(this.#end.folder, this.#end.spoolBytes(relation, rows))
    const taken = capture.predicates(c, relation, selection, (await this.#target(relation)) !== 'missing')
    using _room = await reserveMemory(relation.columns.length, true)
    await this.#session.begin()
    try {
      await refuseUnfit(this.#sender, c, relation, spoolRows(c, relation, taken))
      await this.#exec(createSpool(c, relation, taken))
      this.#end.still()
      await this.#exec(markSpooled(c))
      await this.#session.commit()
    } catch (error) {
      await this.#session.rollback()
      throw translate(await this.#end.explain(error), 'spool', 'TM4019')
    }
  }

  async inSpool(relation: FlowRelation, keys: readonly string[]): Promise<readonly string[]> {
    if (keys.length === 0) return []
    return (await this.#query(keysInSpool(this.#catalogs, relation, keys))).map(([key]) => key ?? '')
  }

  async ranges({ relation, selection, size }: RangesRequest): Promise<CapturedRanges | null> {
    const readAt = await this.#fingerprint(relation)
    if (readAt === null || !readsRanges(relation) || !(await this.#rowIds(relation))) return null
    const c = this.#catalogs
    const all = capture.predicates(c, relation, selection, (await this.#target(relation)) !== 'missing')
    const [predicate] = all
    if (!predicate || all.length !== 1) return null
    const buckets = await this.#buckets(relation, predicate, size)
    const nullKeys = buckets.reduce((n, b) => n + b.nullKeys, 0n)
    const stepsBack = capture.keyStepsBack(c, relation, predicate)
    const inOrder = nullKeys === 0n && stepsBack !== null && (await this.#query(stepsBack)).length === 0
    const duplicates = inOrder ? [] : await this.#query(capture.repeatedSourceKeys(c, relation, predicate))
    // counted and checked by two statements: nothing may have changed between them
    if (!readsSpool(relation)) this.#end.still()
    if ((await this.#fingerprint(relation)) !== readAt) return null
    return {
      check: { nullKeys, duplicates: duplicates.map(([key]) => key ?? '') },
      batches: joinBuckets(buckets, size).map((b) => ({ step: 1, wave: 1, readAt, range: null, ...b })),
    }
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
      const rows = await this.#query(capture.bucketQuery(this.#catalogs, relation, predicate, width, rough))
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

  async exists(epoch: number): Promise<boolean> {
    if (!(await this.#has('whole'))) return false
    return (await this.#query(tree.wholeEpoch(this.#catalogs)))[0]?.[0] === String(epoch)
  }

  async #has(table: string): Promise<boolean> {
    const found = await this.#session.rows('SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = ?', [
      this.#catalogs.workCatalog,
      table,
    ])
    return found.length > 0
  }

  async start(
    relation: FlowRelation,
    epoch: number,
    done: readonly { readonly first: bigint; readonly last: bigint }[],
  ): Promise<void> {
    const had = await this.exists(epoch - 1)
    this.#current = {
      relation,
      epoch,
      rowIds: await this.#rowIds(relation),
      target: await this.#target(relation),
      selection: null,
    }
    const x = this.#ctx
    const locatorType = typed(relation.tree?.locator.sourceType ?? 'VARCHAR')
    const statements = tree.createWork(
      x,
      relation.key.map(keyType),
      typed(relation.position?.type ?? 'VARCHAR'),
      locatorType,
    )
    await execAll(this.#sender, statements)
    if (had) {
      for (const range of done) await this.#exec(tree.rememberDone(x, range.first, range.last))
      if (relation.tree) await this.#exec(tree.rememberOwed(x))
    }
    await this.#exec(sql`DROP TABLE IF EXISTS ${work(this.#catalogs, 'whole')}`)
  }

  async select(selection: Selection): Promise<bigint> {
    if (this.#current) this.#current.selection = selection
    const x = this.#ctx
    let rows = 0n
    const queued = await this.#readQueue(selection)
    for (const [i, predicate] of capture.predicates(this.#catalogs, x.r, selection, x.targetExists, queued).entries())
      rows += await this.#exec(capture.insertSelected(this.#catalogs, x.r, predicate, x.rowIds, i === 0))
    if (x.r.tree) rows += await this.#exec(tree.captureOwed(x))
    return rows
  }

  async #readQueue(selection: Selection): Promise<Sql | undefined> {
    const { c, r, targetExists } = this.#ctx
    const template = queueOf(r)
    if (template === null) return undefined
    await execAll(this.#sender, readQueue(c, r, template, selection.window, targetExists))
    return work(c, 'queued')
  }

  async checkKeys(): Promise<KeyCheck> {
    const node = await this.#checkKeysOf('node')
    if (queueOf(this.#ctx.r) === null) return node
    const queued = await this.#checkKeysOf('queued')
    return {
      nullKeys: node.nullKeys + queued.nullKeys,
      duplicates: [...new Set([...node.duplicates, ...queued.duplicates])],
    }
  }

  async #checkKeysOf(table: 'node' | 'queued'): Promise<KeyCheck> {
    const { r, c } = this.#ctx
    const keys = joined(
      r.key.map((_, i) => keyName(i)),
      ', ',
    )
    const nullKeys = await this.#count(
      sql`SELECT count(*) FROM ${work(c, table)} WHERE ${joined(
        r.key.map((_, i) => sql`${keyName(i)} IS NULL`),
        ' OR ',
      )}`,
    )
    const duplicates = await this.#query(
      sql`SELECT ${c.kit.keyJson(r.key.map((_, i) => keyName(i)))} AS k FROM ${work(c, table)} GROUP BY ${keys} HAVING count(*) > 1 ORDER BY k LIMIT 5`,
    )
    return { nullKeys, duplicates: duplicates.map(([k]) => k ?? '') }
  }

  async unmatched(
    window: WindowBounds,
  ): Promise<readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]> {
    const q = capture.unmatchedQuery(this.#catalogs, this.#ctx.r, window)
    if (q === null) return []
    return (await this.#query(q.text)).map(([key, position]) => ({
      key: key ?? '',
      alias: q.alias,
      position: position ?? null,
    }))
  }

  async found(unmatched: readonly string[]): Promise<readonly string[]> {
    const q = unmatched.length === 0 ? null : capture.foundQuery(this.#catalogs, this.#ctx.r, unmatched)
    return q === null ? [] : (await this.#query(q)).map(([key]) => key ?? '')
  }

  async climb(): Promise<void> {
    const x = this.#ctx
    await this.#exec(tree.visitAncestors(x))
    await this.#exec(tree.captureMissing(x))
    await this.#exec(tree.settleAncestors(x))
  }

  async descend(): Promise<bigint> {
    const x = this.#ctx
    if (x.target !== 'filled') return 0n
    await execAll(this.#sender, tree.moved(x))
    await execAll(this.#sender, tree.markDescended(x))
    return this.#exec(tree.captureBelow(x, x.selection?.window ?? null, x.selection?.withNullPosition ?? false))
  }

  async duplicateLocators(): Promise<readonly string[]> {
    return (await this.#query(tree.duplicateLocators(this.#ctx))).map(([loc]) => loc ?? '')
  }

  async withoutLocator(): Promise<readonly string[]> {
    return (await this.#query(tree.withoutLocator(this.#ctx))).map(([key]) => key ?? '')
  }

  async orphans(): Promise<readonly Orphan[]> {
    const x = this.#ctx
    await this.#exec(tree.promotePassed(x))
    await execAll(this.#sender, [...tree.startOrder(x), ...tree.startOrphans(x)])
    await this.#exec(tree.addCycles(x))
    return (await this.#query(tree.listOrphans(x))).map(([key, locator, reason]) => ({
      key: key ?? '',
      locator: locator ?? '',
      reason: reason as OrphanReason,
    }))
  }

  async cyclePath(locator: string): Promise<readonly string[]> {
    const x = this.#ctx
    const type = typed(x.r.tree?.locator.sourceType ?? 'VARCHAR')
    const path = [locator]
    for (;;) {
      const [row] = await this.#query(tree.parentOf(x, path.at(-1) ?? '', type))
      const parent = row?.[0]
      if (parent == null) return path
      const at = path.indexOf(parent)
      path.push(parent)
      if (at >= 0) return path.slice(at)
    }
  }

  async drop(reasons: readonly OrphanReason[]): Promise<void> {
    if (reasons.length > 0) await this.#exec(tree.dropOrphans(this.#ctx, reasons))
  }

  async cut(rows: number, bytes: number): Promise<readonly CapturedBatch[]> {
    const x = this.#ctx
    await this.#exec(tree.assignSteps(x))
    if (x.r.tree) await this.#exec(tree.liftAncestors(x))
    await execAll(this.#sender, [...tree.order(x), ...tree.cut(x, rows, bytes)])
    const pieces = await this.#query(tree.pieces(x))
    if (!readsSpool(x.r)) this.#end.still()
    for (const name of ['node', 'ancestor', 'moved', 'member', 'reached', 'orphan', 'queued'])
      await this.#exec(sql`DROP TABLE IF EXISTS ${work(this.#catalogs, name)}`)
    await execAll(this.#sender, tree.markWhole(x.c, x.epoch))
    return pieces.map(([step, wave, first, last, n, size]) => ({
      readAt: null,
      range: null,
      step: Number(step),
      wave: Number(wave),
      first: BigInt(first ?? '0'),
      last: BigInt(last ?? '0'),
      rows: BigInt(n ?? '0'),
      bytes: BigInt(size ?? '0'),
    }))
  }

  async captured(keys: readonly string[]): Promise<readonly string[]> {
    const { r, c } = this.#ctx
    return keys.length === 0 ? [] : (await this.#query(capture.capturedAmong(c, r, keys))).map(([key]) => key ?? '')
  }

  get #sender(): Sender {
    return {
      exec: (statement) => this.#exec(statement),
      query: (statement) => this.#query(statement),
      count: (statement) => this.#count(statement),
    }
  }

  #exec(statement: Sql): Promise<bigint> {
    return exec(this.#session, statement, 'capture', 'TM4019')
  }

  #query(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return query(this.#session, statement, 'capture', 'TM4019')
  }

  #count(statement: Sql): Promise<bigint> {
    return count(this.#session, statement, 'capture', 'TM4019')
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
