/**
 * A tree with its positions and scopes in a joined table, as a plain Map. A locator is the path of ids, so a moved
 * folder changes the locators of everything below it, though only its own metadata is stamped.
 */
import type { FlowSpec, OrphanPolicy } from '@tidemark/contract/flow'
import type { DuckdbSession } from '../../src/drivers/duckdb.ts'
import { flowSpec } from '../support/world.ts'
import type { EngineOp, ScopeName } from './engine-op.ts'
import { latePosition, POSITION_KINDS, parsePosition, type PositionKind, positionSql } from './position-kind.ts'
import { type Due, type Oracle, Subject } from './subject.ts'

export type TreeWrite =
  /** below a row that may not be there itself yet; `meta`: with its metadata, without any, or the metadata first and the row later */
  | {
      readonly op: 'add'
      readonly under: number | null
      readonly meta: 'with' | 'none' | 'first'
      readonly scope: ScopeName
      readonly late: number | null
    }
  /** a row whose metadata came first */
  | { readonly op: 'appear'; readonly pick: number }
  | { readonly op: 'touch'; readonly pick: number; readonly to: ScopeName | null }
  | { readonly op: 'move'; readonly pick: number; readonly under: number | null }
  | { readonly op: 'begin'; readonly under: number | null; readonly scope: ScopeName; readonly pick: number | null }
  | { readonly op: 'end'; readonly pick: number; readonly commit: boolean }

export type TreeOp = TreeWrite | EngineOp<TreeWrite>

export interface TreeSetting {
  readonly kind: 'clock' | 'buffered'
  readonly orphans: Exclude<OrphanPolicy, 'fail'>
}

interface TreeRow {
  readonly id: number
  readonly parent: number | null
  readonly version: number
  /** in the main table */
  readonly here: boolean
  readonly meta: { readonly scope: ScopeName; readonly position: bigint } | null
}

interface OpenTransaction {
  readonly opened: { readonly session: DuckdbSession } & AsyncDisposable
  readonly rows: readonly TreeRow[]
}

class TreeModel implements Oracle<TreeWrite> {
  readonly kind: PositionKind
  readonly flow: FlowSpec
  readonly targetQuery = "SELECT CAST(id AS VARCHAR), concat(name, '|', loc, '|', par) FROM dst"
  readonly rows = new Map<number, TreeRow>()
  readonly #open: OpenTransaction[] = []
  readonly #history = new Set<string>()
  #ids = 0

  constructor({ kind, orphans }: TreeSetting) {
    this.kind = POSITION_KINDS[kind]
    const flat = flowSpec({
      watermark: { position: { table: 'meta', column: 'pos' }, buffer: this.kind.buffer, stampedBy: 'database' },
    })
    this.flow = {
      ...flat,
      source: { ...flat.source, joins: [{ table: ['meta'], as: 'meta', on: { id: 'id' } }] },
      scope: { bu: { table: 'meta', column: 'bu' } },
      shape: { kind: 'tree', locator: 'loc', parent: 'par', orphans },
    }
  }

  #locator(id: number | null): string {
    const row = id === null ? undefined : this.rows.get(id)
    return row ? `${this.#locator(row.parent)}/${row.id}` : ''
  }

  content(row: TreeRow): string {
    return `n${row.id}.${row.version}|${this.#locator(row.parent)}/${row.id}|${this.#locator(row.parent)}`
  }

  /** Can it land, every ancestor being there? */
  complete(row: TreeRow): boolean {
    const parent = row.parent === null ? undefined : this.rows.get(row.parent)
    return row.here && (parent === undefined || this.complete(parent))
  }

  due(scope: ScopeName | null): ReadonlyMap<string, Due> {
    const due = new Map<string, Due>()
    for (const row of this.rows.values())
      if (row.meta && (scope === null || row.meta.scope === scope) && this.complete(row))
        due.set(String(row.id), { content: this.content(row), position: row.meta.position })
    return due
  }

  wasThere(content: string): boolean {
    return this.#history.has(content)
  }

  #commit(rows: readonly TreeRow[]): void {
    for (const row of rows) this.rows.set(row.id, row)
    for (const row of this.rows.values()) if (row.here) this.#history.add(this.content(row))
  }

  async #now(session: DuckdbSession): Promise<bigint> {
    const [row] = await session.rows('SELECT epoch_us(now())')
    return BigInt(row?.[0] ?? '0') - this.kind.behind
  }

  #pick(pick: number, fits: (row: TreeRow) => boolean): TreeRow | null {
    const locked = new Set(this.#open.flatMap((t) => t.rows.map((r) => r.id)))
    const free = [...this.rows.values()].filter((r) => !locked.has(r.id) && fits(r))
    return free[pick % free.length] ?? null
  }

  #parent(pick: number | null): number | null {
    return pick === null ? null : ([...this.rows.keys()][pick % this.rows.size] ?? null)
  }

  #below(id: number): readonly TreeRow[] {
    return [...this.rows.values()].filter((r) => r.parent === id).flatMap((r) => [r, ...this.#below(r.id)])
  }

  async write(s: Subject<TreeWrite>, w: TreeWrite): Promise<void> {
    if (w.op === 'begin') return this.#begin(s, w.under, w.scope, w.pick)
    if (w.op === 'end') return this.#end(w.pick, w.commit)
    const rows = await this.#written(s, w)
    if (rows.length === 0) return
    const before = new Map(this.rows)
    this.#commit(rows)
    await s.writer.begin()
    for (const row of rows) await this.#put(s.writer, before.get(row.id), row)
    await s.writer.commit()
  }

  async #written(
    s: Subject<TreeWrite>,
    w: Exclude<TreeWrite, { readonly op: 'begin' | 'end' }>,
  ): Promise<readonly TreeRow[]> {
    const now = await this.#now(s.writer)
    if (w.op === 'add') {
      const position = w.late === null ? now : latePosition(this.kind, await s.reach(), now, w.late)
      return [
        {
          id: (this.#ids += 1),
          parent: this.#parent(w.under),
          version: 1,
          here: w.meta !== 'first',
          meta: w.meta === 'none' ? null : { scope: w.scope, position },
        },
      ]
    }
    if (w.op === 'appear') {
      const row = this.#pick(w.pick, (r) => !r.here)
      return row ? [{ ...row, here: true }] : []
    }
    return w.op === 'touch' ? this.#touched(w.pick, now, w.to) : this.#moved(w.pick, now, w.under)
  }

  #touched(pick: number, now: bigint, to: ScopeName | null): readonly TreeRow[] {
    const row = this.#pick(pick, (r) => r.here && r.meta !== null)
    if (!row?.meta) return []
    return [{ ...row, version: row.version + 1, meta: { scope: to ?? row.meta.scope, position: now } }]
  }

  /** Rather a folder than a row with nothing below it, and to where it can go. */
  #moved(pick: number, now: bigint, under: number | null): readonly TreeRow[] {
    const writtenElsewhere = new Set(this.#open.flatMap((t) => t.rows.flatMap((r) => [r.id, r.parent])))
    const canMove = (row: TreeRow): boolean =>
      row.here && row.meta !== null && ![row, ...this.#below(row.id)].some((r) => writtenElsewhere.has(r.id))
    const row =
      this.#pick(pick, (r) => canMove(r) && this.#below(r.id).some((x) => x.here)) ?? this.#pick(pick, canMove)
    if (!row?.meta) return []
    const below = this.#below(row.id)
    const places = [null, ...this.rows.keys()].filter(
      (id) => id !== row.parent && id !== row.id && !below.some((r) => r.id === id),
    )
    const parent = under === null ? null : (places[under % places.length] ?? null)
    return [{ ...row, parent, version: row.version + 1, meta: { ...row.meta, position: now } }, ...below]
  }

  /** After `commit`, so that the locators are those of now. */
  async #put(session: DuckdbSession, before: TreeRow | undefined, row: TreeRow): Promise<void> {
    const [name, parent] = [
      `n${row.id}.${row.version}`,
      row.parent === null ? 'NULL' : `'${this.#locator(row.parent)}'`,
    ]
    const locator = `'${this.#locator(row.parent)}/${row.id}'`
    if (row.here)
      await session.run(
        before?.here
          ? `UPDATE src SET name = '${name}', loc = ${locator}, par = ${parent} WHERE id = ${row.id}`
          : `INSERT INTO src VALUES (${row.id}, '${name}', ${locator}, ${parent})`,
      )
    if (!row.meta || (before?.meta?.position === row.meta.position && before.meta.scope === row.meta.scope)) return
    const position = positionSql(this.kind, row.meta.position)
    await session.run(
      before?.meta
        ? `UPDATE meta SET bu = '${row.meta.scope}', pos = ${position} WHERE id = ${row.id}`
        : `INSERT INTO meta VALUES (${row.id}, '${row.meta.scope}', ${position})`,
    )
  }

  async #begin(s: Subject<TreeWrite>, under: number | null, scope: ScopeName, pick: number | null): Promise<void> {
    if (this.#open.length > 0) return
    const opened = await s.world.counted()
    await opened.session.begin()
    const now = parsePosition(this.kind, opened.session.openSince ?? '') - this.kind.behind
    const row = pick === null ? null : this.#pick(pick, (r) => r.here && r.meta !== null && r.meta.position < now)
    const added: TreeRow = {
      id: (this.#ids += 1),
      parent: this.#parent(under),
      version: 1,
      here: true,
      meta: { scope, position: now },
    }
    const rows = [
      added,
      ...(row?.meta ? [{ ...row, version: row.version + 1, meta: { ...row.meta, position: now } }] : []),
    ]
    this.#open.push({ opened, rows })
    for (const r of rows) await this.#put(opened.session, this.rows.get(r.id), r)
  }

  async #end(pick: number, commit: boolean): Promise<void> {
    const [transaction] = this.#open.splice(pick % Math.max(1, this.#open.length), 1)
    if (!transaction) return
    await using opened = transaction.opened
    if (!commit) return await opened.session.rollback()
    await opened.session.commit()
    this.#commit(transaction.rows)
  }

  async endAll(commit: boolean): Promise<void> {
    while (this.#open.length > 0) await this.#end(0, commit)
  }

  async allAppear(s: Subject<TreeWrite>): Promise<void> {
    while ([...this.rows.values()].some((r) => !r.here)) await this.write(s, { op: 'appear', pick: 0 })
  }

  /** Rows with metadata are there as they are; rows without it are as they are, and there if another needs them. */
  differences(target: ReadonlyMap<string, string>): readonly string[] {
    const wrong: string[] = []
    for (const row of this.rows.values()) {
      const held = target.get(String(row.id))
      const needed =
        this.complete(row) && [row, ...this.#below(row.id)].some((r) => r.meta !== null && this.complete(r))
      if (needed || (held !== undefined && this.complete(row)))
        if (held !== this.content(row)) wrong.push(`${this.content(row)} arrived as ${held ?? 'nothing'}`)
    }
    return wrong
  }
}

/** Plays the operations, lets everything come to rest, and compares; then lets the missing rows appear, and compares again. */
export async function playTree(setting: TreeSetting, ops: readonly TreeOp[]): Promise<void> {
  const model = new TreeModel(setting)
  await using subject = await Subject.open(model, [
    'CREATE TABLE src (id BIGINT, name VARCHAR, loc VARCHAR, par VARCHAR)',
    'CREATE TABLE meta (id BIGINT, bu VARCHAR, pos TIMESTAMP)',
  ])
  const compare = async (when: string): Promise<void> => {
    await subject.settleDown()
    const wrong = model.differences(new Map(await subject.targetRows()))
    if (wrong.length > 0) throw new Error(`${when}: ${wrong.join('; ')}`)
  }
  try {
    for (const op of ops) await (isWrite(op) ? model.write(subject, op) : subject.engine(op))
    await model.endAll(true)
    await compare('after all')
    await model.allAppear(subject)
    await compare('after every missing row appeared')
  } finally {
    await model.endAll(false)
  }
}

const WRITES: readonly string[] = [
  'add',
  'appear',
  'touch',
  'move',
  'begin',
  'end',
] satisfies readonly TreeWrite['op'][]
const isWrite = (op: TreeOp): op is TreeWrite => WRITES.includes(op.op)
