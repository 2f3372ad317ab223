/** A flat table with scopes, rows that commit late and rows that wait, as a plain Map. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { DuckdbSession } from '../../src/drivers/duckdb.ts'
import { flowSpec } from '../support/world.ts'
import type { EngineOp, ScopeName } from './engine-op.ts'
import {
  latePosition,
  POSITION_KINDS,
  parsePosition,
  type PositionKind,
  type PositionKindName,
  positionSql,
} from './position-kind.ts'
import { type Due, type Oracle, Subject } from './subject.ts'

export type FlatWrite =
  /** `late`: with a position inside the overlap, behind what was read. `soon`: not due yet. `back`: by how much, in percent */
  | {
      readonly op: 'insert'
      readonly rows: number
      readonly scope: ScopeName
      readonly stamp: 'now' | 'late' | 'soon'
      readonly back: number
    }
  /** with a newer position; `to`: it moves to that scope */
  | { readonly op: 'update'; readonly pick: number; readonly to: ScopeName | null }
  /** other content under the position it has */
  | { readonly op: 'same'; readonly pick: number }
  /** a transaction that writes at once and commits later */
  | { readonly op: 'begin'; readonly rows: number; readonly scope: ScopeName; readonly pick: number | null }
  | { readonly op: 'end'; readonly pick: number; readonly commit: boolean }

export type FlatOp = FlatWrite | EngineOp<FlatWrite>

interface FlatRow {
  readonly id: number
  readonly version: number
  readonly scope: ScopeName
  readonly position: bigint
}

interface OpenTransaction {
  readonly opened: { readonly session: DuckdbSession } & AsyncDisposable
  readonly rows: FlatRow[]
}

const MOST_OPEN = 2
const SOON_US = 1_500n

class FlatModel implements Oracle<FlatWrite> {
  readonly kind: PositionKind
  readonly flow: FlowSpec
  readonly targetQuery: string
  readonly rows = new Map<string, FlatRow>()
  readonly #open: OpenTransaction[] = []
  readonly #history = new Set<string>()
  #ids = 0
  #numbers = 0n

  constructor(kind: PositionKindName) {
    this.kind = POSITION_KINDS[kind]
    this.flow = flowSpec({
      scope: { bu: { table: null, column: 'bu' } },
      watermark: { position: { table: null, column: 'pos' }, buffer: this.kind.buffer, stampedBy: 'database' },
    })
    this.targetQuery = `SELECT CAST(id AS VARCHAR), concat_ws(' ', name, bu, ${this.kind.type === 'BIGINT' ? 'pos' : 'epoch_us(pos)'}) FROM dst`
  }

  #content(row: FlatRow): string {
    return `n${row.id}.${row.version} ${row.scope} ${row.position}`
  }

  due(scope: ScopeName | null): ReadonlyMap<string, Due> {
    return new Map(
      [...this.rows]
        .filter(([, r]) => scope === null || r.scope === scope)
        .map(([key, r]) => [key, { content: this.#content(r), position: r.position }]),
    )
  }

  wasThere(content: string): boolean {
    return this.#history.has(content)
  }

  #commit(rows: readonly FlatRow[]): void {
    for (const row of rows) {
      this.rows.set(String(row.id), row)
      this.#history.add(this.#content(row))
    }
  }

  async #now(session: DuckdbSession): Promise<bigint> {
    if (this.kind.type === 'BIGINT') return (this.#numbers += 1n)
    const [row] = await session.rows('SELECT epoch_us(now())')
    return BigInt(row?.[0] ?? '0') - this.kind.behind
  }

  /** Of the rows that no open transaction has written. */
  #pick(pick: number): FlatRow | null {
    const locked = new Set(this.#open.flatMap((t) => t.rows.map((r) => r.id)))
    const free = [...this.rows.values()].filter((r) => !locked.has(r.id))
    return free[pick % free.length] ?? null
  }

  async write(s: Subject<FlatWrite>, w: FlatWrite): Promise<void> {
    if (w.op === 'begin') return this.#begin(s, w.rows, w.scope, w.pick)
    if (w.op === 'end') return this.#end(w.pick, w.commit)
    const now = await this.#now(s.writer)
    const rows =
      w.op === 'insert'
        ? this.#inserted(w.rows, w.scope, await this.#stamp(s, now, w.stamp, w.back))
        : await this.#changed(s, w, now)
    for (const row of rows) await this.#put(s.writer, row)
    this.#commit(rows)
  }

  async #stamp(s: Subject<FlatWrite>, now: bigint, stamp: 'now' | 'late' | 'soon', back: number): Promise<bigint> {
    if (stamp === 'soon') return this.kind.type === 'BIGINT' ? now : now + BigInt(back) * SOON_US
    return stamp === 'late' ? latePosition(this.kind, await s.reach(), now, back) : now
  }

  #inserted(count: number, scope: ScopeName, position: bigint): readonly FlatRow[] {
    return Array.from({ length: count }, () => ({ id: (this.#ids += 1), version: 1, scope, position }))
  }

  async #changed(
    s: Subject<FlatWrite>,
    w: Extract<FlatWrite, { readonly pick: number; readonly op: 'update' | 'same' }>,
    now: bigint,
  ): Promise<readonly FlatRow[]> {
    const row = this.#pick(w.pick)
    if (!row) return []
    const version = row.version + 1
    const reach = await s.reach()
    // behind the overlap nobody would look at it again
    if (w.op === 'same' && (reach === null || row.position > reach - this.kind.overlap)) return [{ ...row, version }]
    const position = now > row.position ? now : row.position + 1n
    if (this.kind.type === 'BIGINT' && position > this.#numbers) this.#numbers = position
    return [{ ...row, version, position, scope: (w.op === 'update' ? w.to : null) ?? row.scope }]
  }

  async #put(session: DuckdbSession, row: FlatRow): Promise<void> {
    const position = positionSql(this.kind, row.position)
    const values = `name = 'n${row.id}.${row.version}', bu = '${row.scope}', pos = ${position}`
    await session.run(
      row.version === 1
        ? `INSERT INTO src VALUES (${row.id}, 'n${row.id}.1', '${row.scope}', ${position})`
        : `UPDATE src SET ${values} WHERE id = ${row.id}`,
    )
  }

  async #begin(s: Subject<FlatWrite>, count: number, scope: ScopeName, pick: number | null): Promise<void> {
    if (this.#open.length >= MOST_OPEN) return
    const opened = await s.world.counted()
    await opened.session.begin()
    const since = opened.session.openSince ?? ''
    const now = this.kind.type === 'BIGINT' ? (this.#numbers += 1n) : parsePosition(this.kind, since) - this.kind.behind
    const changed = pick === null ? null : this.#pick(pick)
    const rows = [
      ...this.#inserted(count, scope, now),
      ...(changed && changed.position < now ? [{ ...changed, version: changed.version + 1, position: now }] : []),
    ]
    this.#open.push({ opened, rows })
    for (const row of rows) await this.#put(opened.session, row)
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

  async untilDue(s: Subject<FlatWrite>): Promise<void> {
    if (this.kind.type === 'BIGINT') return
    const last = [...this.rows.values()].reduce((max, r) => (r.position > max ? r.position : max), 0n)
    while ((await this.#now(s.writer)) <= last + 1n) await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Plays the operations, lets everything come to rest, and compares. */
export async function playFlat(kind: PositionKindName, ops: readonly FlatOp[]): Promise<void> {
  const model = new FlatModel(kind)
  await using subject = await Subject.open(model, [
    `CREATE TABLE src (id BIGINT, name VARCHAR, bu VARCHAR, pos ${model.kind.type})`,
  ])
  try {
    for (const op of ops) await (isWrite(op) ? model.write(subject, op) : subject.engine(op))
    await model.endAll(true)
    await model.untilDue(subject)
    await subject.settleDown()
    const target = new Map(await subject.targetRows())
    const source = model.due(null)
    const wrong = [...source]
      .filter(([key, row]) => target.get(key) !== row.content)
      .map(([key, row]) => `${row.content} arrived as ${target.get(key) ?? 'nothing'}`)
    if (wrong.length > 0 || target.size !== source.size)
      throw new Error(`after all ${target.size} of ${source.size} rows: ${wrong.join('; ')}`)
  } finally {
    await model.endAll(false)
  }
}

const isWrite = (op: FlatOp): op is FlatWrite =>
  op.op === 'insert' || op.op === 'update' || op.op === 'same' || op.op === 'begin' || op.op === 'end'
