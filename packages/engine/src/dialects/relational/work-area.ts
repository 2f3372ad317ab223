/** The captured keys of one run, in tables of the database that reads them. The neutral half of a `WorkArea`. */
import type { TableName } from '@tidemark/contract/flow'
import type {
  CapturedBatch,
  FlowRelation,
  KeyCheck,
  Selection,
  TargetPort,
  WindowBounds,
  WorkArea,
} from '../contract.ts'
import type { Orphan, OrphanReason } from '../orphan.ts'
import { queueOf } from '../planned-steps.ts'
import { joined, type Sql, sql } from '../sql-text.ts'
import { predicates } from './selection.sql.ts'
import { keyType } from './columns.sql.ts'
import { type Catalogs, keyName, typed, work } from './names.ts'
import { MOVES, moveTogether, untilNone } from './move-together.ts'
import { execAll, type Sender } from './sender.ts'
import type { Statements } from './statements.ts'

interface Current {
  readonly relation: FlowRelation
  readonly epoch: number
  readonly rowIds: boolean
  readonly target: TargetState
  selection: Selection | null
}

export type TargetState = 'missing' | 'empty' | 'filled'

export async function stateOf(
  target: Pick<TargetPort, 'describe' | 'isEmpty'>,
  table: TableName,
): Promise<TargetState> {
  if ((await target.describe(table)) === null) return 'missing'
  return (await target.isEmpty(table)) ? 'empty' : 'filled'
}

/** What the capture of keys has to ask of its database. */
export interface WorkHooks {
  /** Is that table of the captured keys there? */
  has(table: string): Promise<boolean>
  /** Do the source's rows have numbers that lead back to them? */
  rowIds(relation: FlowRelation): Promise<boolean>
  target(relation: FlowRelation): Promise<TargetState>
  /** Throws where what was captured is not what is there now. */
  still(relation: FlowRelation): void
  /** The captured keys are numbered and cut: from here on they are only read. */
  numbered(): Promise<void>
}

/** Do rows of the target refer to others of it by their locators? */
const refers = (r: FlowRelation): boolean => r.tree?.reference !== undefined

/** Whatever lies below its rows it takes by itself, as far as anything does. */
const takesFromTheBeginning = (selection: Selection | null): boolean =>
  selection?.onlyAgain !== true && (selection?.window ?? null)?.after == null

export class KeyWorkArea implements Omit<WorkArea, 'spooled' | 'spool' | 'inSpool' | 'ranges' | 'runs' | 'remove'> {
  readonly capturesKeys = true
  readonly #to: Sender
  readonly #catalogs: Catalogs
  readonly #hooks: WorkHooks
  #current: Current | null = null

  constructor(to: Sender, catalogs: Catalogs, hooks: WorkHooks) {
    this.#to = to
    this.#catalogs = catalogs
    this.#hooks = hooks
  }

  get #say(): Statements {
    return this.#catalogs.say
  }

  get #ctx() {
    if (this.#current === null) throw new TypeError('no capture was started')
    const { relation, epoch, rowIds, target, selection } = this.#current
    return { c: this.#catalogs, r: relation, epoch, rowIds, selection, target, targetExists: target !== 'missing' }
  }

  async exists(epoch: number): Promise<boolean> {
    if (!(await this.#hooks.has('whole'))) return false
    return (await this.#to.query(this.#say.tree.wholeEpoch(this.#catalogs)))[0]?.[0] === String(epoch)
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
      rowIds: await this.#hooks.rowIds(relation),
      target: await this.#hooks.target(relation),
      selection: null,
    }
    const x = this.#ctx
    const locatorType = typed(relation.tree?.locator.sourceType ?? this.#catalogs.kit.textType)
    const statements = this.#say.tree.createWork(
      x,
      relation.key.map((k) => typed(keyType(this.#catalogs, k))),
      typed(relation.position?.type ?? this.#catalogs.kit.textType),
      locatorType,
    )
    await execAll(this.#to, statements)
    if (had) {
      for (const range of done) await this.#to.exec(this.#say.tree.rememberDone(x, range.first, range.last))
      if (relation.tree) await this.#to.exec(this.#say.tree.rememberOwed(x))
    }
    await this.#to.exec(sql`DROP TABLE IF EXISTS ${work(this.#catalogs, 'whole')}`)
  }

  async select(selection: Selection): Promise<bigint> {
    if (this.#current) this.#current.selection = selection
    const x = this.#ctx
    let rows = 0n
    const queued = await this.#readQueue(selection)
    for (const [i, predicate] of predicates(this.#catalogs, x.r, selection, x.targetExists, queued).entries())
      rows += await this.#to.exec(this.#say.capture.insertSelected(this.#catalogs, x.r, predicate, x.rowIds, i === 0))
    if (x.r.tree) rows += await this.#to.exec(this.#say.tree.captureOwed(x))
    return rows
  }

  async #readQueue(selection: Selection): Promise<Sql | undefined> {
    const { c, r, targetExists } = this.#ctx
    const template = queueOf(r)
    if (template === null) return undefined
    await execAll(this.#to, this.#say.template.readQueue(c, r, template, selection.window, targetExists))
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
    const nullKeys = await this.#to.count(
      sql`SELECT count(*) FROM ${work(c, table)} WHERE ${joined(
        r.key.map((_, i) => sql`${keyName(i)} IS NULL`),
        ' OR ',
      )}`,
    )
    const duplicates = await this.#to.query(c.say.capture.repeatedWorkKeys(c, r, table))
    return { nullKeys, duplicates: duplicates.map(([k]) => k ?? '') }
  }

  async unmatched(
    window: WindowBounds,
  ): Promise<readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]> {
    const q = this.#say.capture.unmatchedQuery(this.#catalogs, this.#ctx.r, window)
    if (q === null) return []
    return (await this.#to.query(q.text)).map(([key, position]) => ({
      key: key ?? '',
      alias: q.alias,
      position: position ?? null,
    }))
  }

  async found(unmatched: readonly string[]): Promise<readonly string[]> {
    const q = unmatched.length === 0 ? null : this.#say.capture.foundQuery(this.#catalogs, this.#ctx.r, unmatched)
    return q === null ? [] : (await this.#to.query(q)).map(([key]) => key ?? '')
  }

  async climb(): Promise<void> {
    const x = this.#ctx
    await this.#to.exec(this.#say.tree.visitAncestors(x))
    await this.#to.exec(this.#say.tree.captureMissing(x))
    await this.#to.exec(this.#say.tree.settleAncestors(x))
  }

  async descend(): Promise<bigint> {
    const x = this.#ctx
    if (x.target !== 'filled' && takesFromTheBeginning(x.selection)) return 0n
    const referring = refers(x.r) ? await untilNone(() => this.#to.exec(this.#say.moves.captureReferring(x))) : 0n
    await execAll(this.#to, this.#say.tree.moved(x))
    await execAll(this.#to, this.#say.tree.markDescended(x))
    const { window = null, withNullPosition = false } = x.selection ?? {}
    return referring + (await this.#to.exec(this.#say.tree.captureBelow(x, window, withNullPosition)))
  }

  async duplicateLocators(): Promise<readonly string[]> {
    return (await this.#to.query(this.#say.tree.duplicateLocators(this.#ctx))).map(([loc]) => loc ?? '')
  }

  async withoutLocator(): Promise<readonly string[]> {
    return (await this.#to.query(this.#say.tree.withoutLocator(this.#ctx))).map(([key]) => key ?? '')
  }

  async orphans(): Promise<readonly Orphan[]> {
    const x = this.#ctx
    if (refers(x.r)) await this.#to.exec(this.#say.moves.promoteReferring(x))
    await this.#to.exec(this.#say.tree.promotePassed(x))
    await execAll(this.#to, [...this.#say.tree.startOrder(x), ...this.#say.tree.startOrphans(x)])
    await this.#to.exec(this.#say.tree.addCycles(x))
    return (await this.#to.query(this.#say.tree.listOrphans(x))).map(([key, locator, reason]) => ({
      key: key ?? '',
      locator: locator ?? '',
      reason: reason as OrphanReason,
    }))
  }

  async cyclePath(locator: string): Promise<readonly string[]> {
    const x = this.#ctx
    const type = typed(x.r.tree?.locator.sourceType ?? this.#catalogs.kit.textType)
    const path = [locator]
    for (;;) {
      const [row] = await this.#to.query(this.#say.tree.parentOf(x, path.at(-1) ?? '', type))
      const parent = row?.[0]
      if (parent == null) return path
      const at = path.indexOf(parent)
      path.push(parent)
      if (at >= 0) return path.slice(at)
    }
  }

  async drop(reasons: readonly OrphanReason[]): Promise<void> {
    if (reasons.length > 0) await this.#to.exec(this.#say.tree.dropOrphans(this.#ctx, reasons))
  }

  async cut(rows: number, bytes: number): Promise<readonly CapturedBatch[]> {
    const x = this.#ctx
    await this.#to.exec(this.#say.tree.assignSteps(x))
    if (x.r.tree) await this.#to.exec(this.#say.tree.liftAncestors(x))
    const together = refers(x.r) && (await moveTogether(this.#to, x))
    const { tree, moves } = this.#say
    const numbered = together ? moves.orderUnits(x) : tree.order(x)
    await execAll(this.#to, [...numbered, ...(together ? moves.cutUnits : tree.cut)(x, rows, bytes)])
    const pieces = await this.#to.query(this.#say.tree.pieces(x))
    this.#hooks.still(x.r)
    await this.#hooks.numbered()
    for (const name of [
      'node',
      'ancestor',
      'moved',
      'member',
      'reached',
      'orphan',
      'queued',
      ...(refers(x.r) ? MOVES : []),
    ])
      await this.#to.exec(sql`DROP TABLE IF EXISTS ${work(this.#catalogs, name)}`)
    await execAll(this.#to, this.#say.tree.markWhole(x.c, x.epoch))
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
    return keys.length === 0
      ? []
      : (await this.#to.query(this.#say.capture.capturedAmong(c, r, keys))).map(([key]) => key ?? '')
  }
}
