/** The engine under test, in a world of its own, and what must hold after everything that is done to it. */
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import type { RunId } from '@tidemark/contract/ids'
import { captureRows } from '../../src/capture/capture-rows.ts'
import type { RunRow } from '../../src/control/control-store.ts'
import { type DuckdbFile, type DuckdbSession, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { runFlow } from '../../src/run/run-flow.ts'
import { AppError, Cancelled } from '../../src/runtime/app-error.ts'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { openWorld, type RunWish, THREADS, type World } from '../support/world.ts'
import { type EngineOp, type Place, type RunOp, SCOPES, type ScopeName } from './engine-op.ts'
import { checkLedger } from './ledger-rules.ts'
import { parsePosition, type PositionKind, positionText } from './position-kind.ts'

export interface Due {
  /** how the row reads in the target */
  readonly content: string
  readonly position: bigint
}

/** The plain model: what the committed source holds. */
export interface Oracle<Write> {
  readonly flow: FlowSpec
  readonly kind: PositionKind
  /** rows that a run of that scope must deliver once their position is due */
  due(scope: ScopeName | null): ReadonlyMap<string, Due>
  /** was that ever in the committed source? */
  wasThere(content: string): boolean
  write(subject: Subject<Write>, write: Write): Promise<void>
  /** the target's rows: key, then content */
  readonly targetQuery: string
}

type Snapshot = Readonly<Record<string, ReadonlyMap<string, Due>>>

const LIMITS = { memoryBytes: 512 * 1024 ** 2, threads: THREADS, tempDir: null }
const ENDED_WELL: readonly string[] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']
const EVERY_SCOPE = [null, ...SCOPES] as const
const never = new AbortController().signal
const TAKE_OVER_MS = 500

export const scopeOf = (name: ScopeName | null): Scope => (name === null ? {} : { bu: name })

class Crash extends Error {}

export class Subject<Write> implements AsyncDisposable {
  readonly world: World
  readonly oracle: Oracle<Write>
  /** writes that commit at once */
  readonly writer: DuckdbSession
  readonly #target: { readonly file: DuckdbFile; readonly session: DuckdbSession }
  readonly #stack: AsyncDisposableStack
  readonly #snapshots = new Map<RunId, Snapshot>()
  readonly #checked = new Set<string>()
  readonly #marks = new Map<string, bigint>()
  /** keys that the target lost, until the run that follows the rewind of that scope */
  readonly #lost = new Map<string, string>()
  #token = 0n
  #between: Write | null = null

  private constructor(
    world: World,
    oracle: Oracle<Write>,
    writer: DuckdbSession,
    target: Subject<Write>['target'],
    stack: AsyncDisposableStack,
  ) {
    this.world = world
    this.oracle = oracle
    this.writer = writer
    this.#target = target
    this.#stack = stack
  }

  get target(): { readonly file: DuckdbFile; readonly session: DuckdbSession } {
    return this.#target
  }

  static async open<Write>(oracle: Oracle<Write>, ddl: readonly string[]): Promise<Subject<Write>> {
    await using stack = new AsyncDisposableStack()
    let subject: Subject<Write> | null = null
    const world = stack.use(
      await openWorld({ hooks: { betweenClockAndCeiling: () => subject?.beginBetween() ?? Promise.resolve() } }),
    )
    // both files stay attached: opening them for each look would take longer than a run
    const source = stack.use(await world.counted())
    const file = stack.use(await openDuckdbFile(world.targetPath, 'write', LIMITS))
    const session = stack.use(await file.session())
    await session.run(`USE "${file.catalog}"`)
    stack.defer(() => session.run('USE memory').then(() => undefined))
    for (const statement of ddl) await source.session.run(statement)
    subject = new Subject(world, oracle, source.session, { file, session }, stack.move())
    return subject
  }

  // ── what is there ───────────────────────────────────────────────────────────────────────────────────────────

  async targetRows(): Promise<readonly (readonly [key: string, content: string])[]> {
    const { file, session } = this.#target
    const there = await session.rows(
      "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'main' AND table_name = 'dst'",
      [file.catalog],
    )
    if (there.length === 0) return []
    return (await session.rows(this.oracle.targetQuery)).map(([key, content]) => [key ?? '', content ?? ''])
  }

  #runs(): Promise<readonly RunRow[]> {
    return this.world.store.ledger.listRuns({ flow: this.oracle.flow.id, limit: 1000 })
  }

  async #mark(scope: ScopeName | null): Promise<bigint | null> {
    const text = await this.world.watermark(this.oracle.flow, scopeOf(scope))
    return text === null ? null : parsePosition(this.oracle.kind, text)
  }

  /** As far as any run has read, or may still read when it is resumed. A row above it, less the overlap, is not late. */
  async reach(): Promise<bigint | null> {
    const { kind } = this.oracle
    const unfinished = (await this.#runs()).flatMap((r) =>
      ENDED_WELL.includes(r.state) || r.state === 'superseded' || !r.window?.upTo
        ? []
        : [parsePosition(kind, r.window.upTo)],
    )
    const marks: (bigint | null)[] = []
    for (const scope of EVERY_SCOPE) marks.push(await this.#mark(scope))
    return [...marks, ...unfinished].reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null)
  }

  // ── what is done ────────────────────────────────────────────────────────────────────────────────────────────

  async beginBetween(): Promise<void> {
    const write = this.#between
    this.#between = null
    if (write !== null) await this.oracle.write(this, write)
  }

  /** Does it, and checks everything afterwards. */
  async engine(op: EngineOp<Write>): Promise<void> {
    const before: Snapshot = Object.fromEntries(EVERY_SCOPE.map((s) => [scopeText(scopeOf(s)), this.oracle.due(s)]))
    await this.#do(op)
    await this.check(before)
  }

  async #do(op: EngineOp<Write>): Promise<void> {
    switch (op.op) {
      case 'run':
        return this.#run(op)
      case 'resume':
        return this.#resume(op.scope, op.workers)
      case 'race':
        return this.#race(op.scopes)
      case 'sleep':
        return this.#sleep(op)
      case 'rewind':
        return this.#rewind(op.scope, op.percent, op.lose)
      case 'dry':
        return this.#dry(op.scope)
      case 'reset':
        return this.#reset(op.scope)
    }
  }

  async #run(op: RunOp<Write>): Promise<void> {
    const soft = new AbortController()
    let crashed = false
    const crash =
      op.crash &&
      counted(op.crash, () => {
        crashed = true
        if (op.crash?.how === 'cancel') soft.abort(new Cancelled('by the model'))
        else throw new Crash('by the model')
      })
    const during =
      op.during && counted(op.during, () => (op.during ? this.oracle.write(this, op.during.write) : undefined))
    this.#between = op.between ?? null
    const hit: Hit = async (point) => {
      await during?.(point)
      await crash?.(point)
    }
    const wish: RunWish = {
      scope: scopeOf(op.scope),
      batchRows: op.batchRows,
      workers: op.workers,
      hit,
      soft: soft.signal,
      ...(await this.#kindOf(op)),
    }
    try {
      const runs = await this.world.runs(this.oracle.flow, wish)
      if (!crashed && !op.during) mustEndWell(runs)
      this.#restored(op.scope, runs)
    } catch (error) {
      if (!crashed && !op.during) throw error
    } finally {
      this.#between = null
    }
  }

  async #kindOf(op: RunOp<Write>): Promise<Partial<RunWish>> {
    if (op.kind === 'full') return { full: true }
    if (op.kind === 'fresh') return { fresh: true }
    if (op.kind !== 'period') return {}
    const upTo = await this.#mark(op.scope)
    if (upTo === null) return {}
    const { kind } = this.oracle
    const width = kind.type === 'BIGINT' ? 3n : 200_000n
    return { period: { after: positionText(kind, upTo - width), upTo: positionText(kind, upTo) } }
  }

  async #resume(scope: ScopeName | null, workers: number): Promise<void> {
    const { flow } = this.oracle
    const run = await this.world.store.ledger.findUnfinished(flow.id, scopeText(scopeOf(scope)))
    if (run === null) return
    const resumed = await this.world.resume(run.id, { workers })
    mustEndWell([resumed])
    if (resumed.id !== run.id || resumed.window?.upTo !== run.window?.upTo)
      throw new Error(
        `${run.id} was resumed as ${resumed.id}, up to ${resumed.window?.upTo} instead of ${run.window?.upTo}`,
      )
    this.#restored(scope, [resumed])
  }

  /** One works; the other one is refused for the lease, or comes after. */
  async #race(scopes: readonly [ScopeName | null, ScopeName | null]): Promise<void> {
    const results = await Promise.allSettled(
      scopes.map((scope) => this.world.runs(this.oracle.flow, { scope: scopeOf(scope), batchRows: 2 })),
    )
    let worked = 0
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') {
        mustEndWell(result.value)
        this.#restored(scopes[i] ?? null, result.value)
        worked += 1
      } else if (!(result.reason instanceof AppError && result.reason.code === 'TM3001')) throw result.reason
    }
    if (worked === 0) throw new Error('two runs at once, and none of them worked')
  }

  async #sleep(op: {
    readonly scope: ScopeName | null
    readonly next: ScopeName | null
    readonly at: Place
    readonly batchRows: number
  }): Promise<void> {
    const { flow } = this.oracle
    const asleep = Promise.withResolvers<void>()
    const wake = Promise.withResolvers<void>()
    const hit = counted(op.at, () => {
      asleep.resolve()
      return wake.promise
    })
    const first = this.world.runs(flow, { scope: scopeOf(op.scope), batchRows: op.batchRows, workers: 2, hit }).then(
      (runs) => ({ runs, error: null }),
      (error: unknown) => ({ runs: [], error }),
    )
    try {
      await Promise.race([asleep.promise, first])
      this.#expireLease()
      const wish: RunWish = { scope: scopeOf(op.next), batchRows: op.batchRows }
      // on a busy machine the short lease may run out under its owner: then once more, under a longer one
      const runs = (await this.#takeOver(wish)) ?? (await this.world.runs(flow, wish))
      mustEndWell(runs)
      this.#restored(op.next, runs)
    } finally {
      wake.resolve()
    }
    // it may have ended before its nap; after it, nothing that it does may count
    const { runs } = await first
    this.#restored(op.scope, runs)
  }

  /** Under a short lease, because a raise of the fence waits as long for a batch that is open. Null: the lease ran out. */
  async #takeOver(wish: RunWish): Promise<readonly RunRow[] | null> {
    const request = this.world.request(this.oracle.flow, wish)
    const deps = { ...this.world.deps(wish), leaseMs: TAKE_OVER_MS }
    try {
      const runs = await runFlow(deps, request, { soft: never, hard: never })
      return runs.some((r) => r.error?.code === 'TM3002') ? null : runs
    } catch (error) {
      if (error instanceof AppError && error.code === 'TM3002') return null
      throw error
    }
  }

  #expireLease(): void {
    using db = new DatabaseSync(join(this.world.dir, 'control.db'))
    db.prepare("update lease set expires_at = '2000-01-01T00:00:00.000Z' where worker is not null").run()
  }

  async #rewind(scope: ScopeName | null, percent: number, lose: boolean): Promise<void> {
    const { flow, kind } = this.oracle
    const { ledger } = this.world.store
    const own = await ledger.getWatermark(flow.id, scopeText(scopeOf(scope)))
    const mark = own ?? (await ledger.getWatermark(flow.id, scopeText({})))
    if (!mark?.position) return
    const from = parsePosition(kind, mark.position)
    const rows = this.oracle.due(scope)
    const oldest = [...rows.values()].reduce((min, r) => (r.position < min ? r.position : min), from) - 1n
    const to = from - ((from - oldest) * BigInt(percent)) / 100n
    await ledger.rewind(
      flow.id,
      scopeText(scopeOf(scope)),
      { version: own?.version ?? null },
      { position: positionText(kind, to), coverage: mark.coverage, source: mark.source },
      { actor: 'model', command: 'rewind', reason: 'the model' },
    )
    this.#marks.set(scopeText(scopeOf(scope)), to)
    if (lose && flow.shape.kind === 'flat')
      await this.#lose(
        scope,
        [...rows].filter(([, r]) => r.position > to).map(([key]) => key),
      )
  }

  /** Never all of it: an emptied target is refused, rewind or not, by scopes that were not rewound. */
  async #lose(scope: ScopeName | null, keys: readonly string[]): Promise<void> {
    const there = new Set((await this.targetRows()).map(([key]) => key))
    const lost = keys.filter((key) => there.has(key))
    if (lost.length === 0 || lost.length === there.size) return
    await this.#target.session.run(`DELETE FROM dst WHERE id IN (${lost.join(', ')})`)
    for (const key of lost) if (!this.#lost.has(key)) this.#lost.set(key, scopeText(scopeOf(scope)))
  }

  /** What a run of the rewound scope delivers again is lost no more. */
  #restored(scope: ScopeName | null, runs: readonly RunRow[]): void {
    const last = runs.at(-1)
    if (!last || !ENDED_WELL.includes(last.state) || last.window?.decidedBy === 'period') return
    for (const [key, of] of this.#lost) if (of === scopeText(scopeOf(scope))) this.#lost.delete(key)
  }

  async #dry(scope: ScopeName | null): Promise<void> {
    const before = await this.#everything()
    const { flow } = this.oracle
    const planned = await this.world.plan(flow, { scope: scopeOf(scope), batchRows: 2 })
    if (planned.kind === 'run') {
      const { plan } = planned
      await using opened = await this.world.deps().openBench(flow, null)
      const orphans = flow.shape.kind === 'tree' ? flow.shape.orphans : null
      const report = await captureRows(opened.bench.work, {
        relation: plan.relation,
        selection: plan.selection,
        orphans,
        batch: plan.batch,
        epoch: 1,
        done: [],
        left: null,
        remembersUnmatched: false,
      })
      for (const batch of report.batches) await opened.bench.weigh(plan.relation, plan.selection, batch, 'latest')
    }
    if ((await this.#everything()) !== before) throw new Error('a dry run wrote something')
  }

  /** Every table of store and target, as one hash. */
  async #everything(): Promise<string> {
    const hash = createHash('sha256')
    using db = new DatabaseSync(join(this.world.dir, 'control.db'), { readOnly: true, readBigInts: true })
    const tables = db.prepare("select name from sqlite_master where type = 'table' order by name").all()
    for (const { name } of tables)
      for (const row of db.prepare(`select * from "${String(name)}"`).iterate())
        hash.update(Object.values(row).map(String).join('|'))
    const { file, session } = this.#target
    for (const [schema, table] of await session.rows(
      'SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL',
      [file.catalog],
    ))
      hash.update(JSON.stringify(await session.rows(`SELECT * FROM "${schema}"."${table}" ORDER BY ALL`)))
    return hash.digest('hex')
  }

  async #reset(scope: ScopeName | null): Promise<void> {
    const run = await this.world.store.ledger.findUnfinished(this.oracle.flow.id, scopeText(scopeOf(scope)))
    if (run) await this.world.store.ledger.resetRun(run.id, { actor: 'model', command: 'reset', reason: null })
  }

  // ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────

  async check(before: Snapshot): Promise<void> {
    const { flow } = this.oracle
    const runs = await this.#runs()
    for (const run of runs) if (!this.#snapshots.has(run.id)) this.#snapshots.set(run.id, before)
    await checkLedger(this.world.store.ledger, flow.id, runs, this.#checked)
    await this.#checkMarks()
    const token = (await this.world.store.leases.find(flow.id))?.token ?? 0n
    if (token < this.#token) throw new Error(`the lease's token went back from ${this.#token} to ${token}`)
    this.#token = token
    const rows = await this.targetRows()
    const target = new Map(rows)
    if (target.size !== rows.length) throw new Error(`the target has ${rows.length} rows for ${target.size} keys`)
    const unknown = rows.find(([, content]) => !this.oracle.wasThere(content))
    if (unknown) throw new Error(`the target holds what was never committed in the source: ${unknown[1]}`)
    for (const run of runs) if (!this.#checked.has(run.id)) this.#checkDelivered(run, target)
    for (const run of runs) if (ENDED_WELL.includes(run.state) || run.state === 'superseded') this.#checked.add(run.id)
  }

  async #checkMarks(): Promise<void> {
    for (const scope of EVERY_SCOPE) {
      const text = scopeText(scopeOf(scope))
      const [before, now] = [this.#marks.get(text), await this.#mark(scope)]
      if (before !== undefined && (now === null || now < before))
        throw new Error(`the watermark of ${text} went back from ${before} to ${now}`)
      if (now !== null) this.#marks.set(text, now)
    }
  }

  /** Rows that were there before the run was planned, and are as they were, must have arrived when they were due. */
  #checkDelivered(run: RunRow, target: ReadonlyMap<string, string>): void {
    const { kind } = this.oracle
    const upTo = run.window?.upTo
    const expected = this.#snapshots.get(run.id)?.[run.scope]
    if (!ENDED_WELL.includes(run.state) || !upTo || !expected) return
    const after = run.window?.decidedBy === 'period' && run.window.after ? parsePosition(kind, run.window.after) : null
    const scope = SCOPES.find((s) => scopeText(scopeOf(s)) === run.scope) ?? null
    const now = this.oracle.due(scope)
    for (const [key, row] of expected) {
      if (row.position > parsePosition(kind, upTo) || (after !== null && row.position <= after)) continue
      if (now.get(key)?.content !== row.content || now.get(key)?.position !== row.position || this.#lost.has(key))
        continue
      const held = target.get(key)
      if (held === undefined || !sameRow(held, row.content))
        throw new Error(
          `${run.id} (${run.state}, ${run.scope}, up to ${upTo}) left out ${row.content} at ${positionText(kind, row.position)}; the target has ${held ?? 'nothing'}`,
        )
    }
  }

  /** Runs until nothing is left to do, then nothing may be left to write. */
  async settleDown(): Promise<void> {
    const scopes = [...new Set(this.#lost.values())].filter((s) => s !== scopeText({}))
    for (const scope of SCOPES)
      if (scopes.includes(scopeText(scopeOf(scope))))
        await this.engine({ op: 'run', scope, batchRows: 100, workers: 2 })
    await this.engine({ op: 'run', scope: null, batchRows: 2, workers: 2 })
    const again = await this.world.run(this.oracle.flow)
    if (again.rows.inserted + again.rows.updated > 0n)
      throw new Error(`the run after the last one wrote ${again.rows.inserted} + ${again.rows.updated} rows once more`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

/** The content up to a `|`: what follows may be younger than the window, such as the place in a tree. */
const sameRow = (a: string, b: string): boolean => a.split('|')[0] === b.split('|')[0]

function counted(place: Place, work: () => void | Promise<void>): Hit {
  let left = place.nth
  return (point) => {
    if (point === place.point && --left === 0) return work()
  }
}

function mustEndWell(runs: readonly RunRow[]): void {
  const bad = runs.find((r) => !ENDED_WELL.includes(r.state))
  if (bad) throw new Error(`${bad.id} of ${bad.scope} ended ${bad.state}: ${bad.error?.code} ${bad.error?.message}`)
}
