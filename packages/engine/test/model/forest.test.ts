/** Random forests, random changes, runs that crash: what the source holds and can be delivered is in the target. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunRow } from '../../src/control/control-store.ts'
import { AN_HOUR_AGO, failAt, fileFlow, type FileWorld, openFiles, type Touch } from '../support/tree-world.ts'

/** Names are drawn from a few, so that changes meet each other. `e0` and `e1` are excluded. */
const NAMES = ['a', 'b', 'c', 'd', 'f', 'g', 'h', 'i', 'e0', 'e1'] as const
const EXCLUDED: readonly string[] = ['e0', 'e1']
const flow = fileFlow({
  orphans: 'skip',
  watermark: { buffer: { ms: 3_600_000 } },
  over: { excludeKeys: { stream_id: EXCLUDED } },
})

/** Which row is meant: the n-th of those there are, counted round. */
type Pick = number
type Op =
  | {
      readonly op: 'add'
      readonly name: string
      /** null: a root */
      readonly under: Pick | null
      readonly at: Touch
      readonly unit: string
      /** only its metadata row comes, the file with a later add */
      readonly early: boolean
    }
  | { readonly op: 'move'; readonly file: Pick; readonly under: Pick | null; readonly at: Touch }
  | { readonly op: 'touch'; readonly file: Pick; readonly at: Touch }
  | { readonly op: 'remove'; readonly file: Pick }
  | { readonly op: 'run'; readonly scope: string | null; readonly rows: number; readonly dieAt: number | null }

const pick = fc.nat({ max: NAMES.length - 1 })
const place = fc.option(pick, { freq: 4 })
const at = fc.constantFrom<Touch>('now', 'now', 'now', 'young')
const unit = fc.constantFrom('N', 'N', 'S')
const add = (early: fc.Arbitrary<boolean>) =>
  fc.record({ op: fc.constant('add' as const), name: fc.constantFrom(...NAMES), under: place, at, unit, early })
const run = fc.record({
  op: fc.constant('run' as const),
  scope: fc.option(unit, { freq: 1 }),
  rows: fc.integer({ min: 1, max: 3 }),
  dieAt: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 1 }),
})
const change = fc.oneof(
  { weight: 3, arbitrary: add(fc.constantFrom(false, false, false, true)) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('move' as const), file: pick, under: place, at }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('touch' as const), file: pick, at }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), file: pick }) },
)
const history = fc.record({
  first: fc.array(add(fc.constant(false)), { minLength: 5, maxLength: 14 }),
  rounds: fc.array(fc.tuple(run, fc.array(change, { minLength: 1, maxLength: 4 })), { minLength: 1, maxLength: 4 }),
})

interface Place {
  readonly path: string
  /** locator of the parent, which need not be there any more */
  readonly parent: string | null
}

/**
 * The forest as the test knows it. Nothing is moved below an excluded row: what was added there meanwhile would be
 * left behind if its folder came back to the very place that the target knows.
 */
class Forest {
  readonly #files = new Map<string, Place>()
  /** metadata that came before its file */
  readonly #early = new Set<string>()
  /** once young, a row has no older stamp again */
  readonly #young = new Set<string>()

  async apply(f: FileWorld, op: Op): Promise<void> {
    if (op.op === 'run') return crashable(f, op)
    if (op.op === 'add') return this.#add(f, op)
    const name = this.#name(op.file)
    if (name === null) return
    if (op.op === 'touch') return f.touch(name, this.#at(name, op.at), `v${this.#files.size}`)
    if (op.op === 'move') return this.#move(f, name, this.#name(op.under), op.at)
    this.#files.delete(name)
    return f.remove(name)
  }

  #at(name: string, at: Touch): Touch {
    if (at === 'young') this.#young.add(name)
    return this.#young.has(name) ? 'young' : at
  }

  #name(n: Pick | null): string | null {
    const names = [...this.#files.keys()].sort()
    return n === null ? null : (names[n % names.length] ?? null)
  }

  async #add(f: FileWorld, op: Extract<Op, { op: 'add' }>): Promise<void> {
    if (this.#files.has(op.name)) return
    const under = this.#name(op.under)
    const parent = this.#pathOf(under)
    if (op.early && !this.#early.has(op.name)) {
      this.#early.add(op.name)
      return f.meta(op.name, this.#at(op.name, op.at), op.unit)
    }
    this.#files.set(op.name, { path: `${parent ?? '/'}${op.name}/`, parent })
    await f.add({
      [op.name]: { under, at: this.#at(op.name, op.at), unit: op.unit, bare: this.#early.delete(op.name) },
    })
  }

  async #move(f: FileWorld, name: string, under: string | null, touch: Touch): Promise<void> {
    const from = this.#pathOf(name) ?? ''
    const parent = this.#pathOf(under)
    if (parent?.startsWith(from) || EXCLUDED.some((e) => parent?.includes(`/${e}/`))) return
    const to = `${parent ?? '/'}${name}/`
    const moved = (path: string): string => (path.startsWith(from) ? to + path.slice(from.length) : path)
    for (const [other, { path, parent: above }] of this.#files)
      this.#files.set(other, { path: moved(path), parent: above === null ? null : moved(above) })
    this.#files.set(name, { path: to, parent })
    await f.move(name, under, this.#at(name, touch))
  }

  #pathOf(name: string | null): string | null {
    return name === null ? null : (this.#files.get(name)?.path ?? null)
  }

  /** Rows whose whole chain of parents is there and not excluded. */
  deliverable(): readonly string[] {
    const byPath = new Map([...this.#files].map(([name, place]) => [place.path, { name, ...place }]))
    const lands = (path: string | null): boolean => {
      if (path === null) return true
      const at = byPath.get(path)
      return at !== undefined && !EXCLUDED.includes(at.name) && lands(at.parent)
    }
    return [...this.#files]
      .filter(([, { path }]) => lands(path))
      .map(([name]) => name)
      .sort()
  }
}

const WELL = /^(succeeded|nothing_to_do)$/
const said = ({ state, error }: RunRow): string => `${state}${error?.message ?? ''}`

async function crashable(f: FileWorld, { scope, rows, dieAt }: Extract<Op, { op: 'run' }>): Promise<void> {
  const wish = { batchRows: rows, ...(scope === null ? {} : { scope: { unit: scope } }) }
  const died = await f.world.run(flow, dieAt === null ? wish : { ...wish, hit: failAt('batch:before-commit', dieAt) })
  expect(said(died)).toMatch(
    dieAt === null ? WELL : /^(succeeded|nothing_to_do|failed.*stopped at batch:before-commit)$/,
  )
}

const CONTENT = 'stream_id, path_locator, parent_path_locator, file_stream'

async function check(f: FileWorld, forest: Forest): Promise<void> {
  const wanted = forest.deliverable()
  const list = wanted.map((n) => `'${n}'`).join(', ')
  const query = (table: string) =>
    `SELECT ${CONTENT} FROM ${table} WHERE stream_id IN (${list === '' ? 'NULL' : list}) ORDER BY 1`
  if (wanted.length === 0) return
  const source = await f.world.sourceRows(query('files'))
  expect(source.map(([n]) => n)).toEqual(wanted)
  expect(await f.world.targetRows(query('dst'))).toEqual(source)
  expect(
    await f.world.targetRows(
      `SELECT stream_id FROM dst WHERE stream_id IN (${EXCLUDED.map((e) => `'${e}'`).join(', ')})`,
    ),
  ).toEqual([])
  expect((await f.parentless()).filter((n) => wanted.includes(n))).toEqual([])
}

test('after any history of inserts, moves, deletes, scoped runs and crashes the target holds every row that can be delivered, below its parent', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ first, rounds }) => {
      await using f = await openFiles({}, AN_HOUR_AGO)
      const forest = new Forest()
      for (const c of first) await forest.apply(f, c)
      for (const [then, changes] of rounds) {
        await forest.apply(f, then)
        for (const c of changes) await forest.apply(f, c)
      }
      // what crashed in a scope is resumed first, then the whole flow runs; at last without the buffer that made rows wait
      for (const scope of [{ unit: 'N' }, { unit: 'S' }, {}])
        for (const r of await f.world.runs(flow, { scope })) expect(said(r)).toMatch(WELL)
      expect(said(await f.world.run(flow, { buffer: '0s' }))).toMatch(WELL)
      await check(f, forest)
    }),
    { numRuns: Number(process.env['PBT_RUNS'] ?? 15), interruptAfterTimeLimit: 240_000 },
  )
})
