/** Random forests, random changes, runs that crash: what the source holds and can be delivered is in the target. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunRow } from '../../src/control/control-store.ts'
import { failAt, fileFlow, type FileWorld, openFiles, type Touch } from '../support/tree-world.ts'

/** Names are drawn from a few, so that changes meet each other. `e0` and `e1` are excluded. */
const NAMES = ['a', 'b', 'c', 'd', 'f', 'g', 'h', 'i', 'e0', 'e1'] as const
const EXCLUDED: readonly string[] = ['e0', 'e1']
const flow = fileFlow({ orphans: 'skip', over: { excludeKeys: { stream_id: EXCLUDED } } })

type Op =
  | {
      readonly op: 'add'
      readonly name: string
      readonly under: string | null
      readonly at: Touch
      readonly unit: string
      readonly early: boolean
    }
  | { readonly op: 'move'; readonly name: string; readonly under: string | null; readonly at: Touch }
  | { readonly op: 'touch'; readonly name: string; readonly at: Touch }
  | { readonly op: 'remove'; readonly name: string }
  | { readonly op: 'run'; readonly scope: string | null; readonly rows: number; readonly dieAt: number | null }

const name = fc.constantFrom(...NAMES)
const place = fc.option(name, { freq: 4 })
const at = fc.constantFrom<Touch>('now', 'now', 'now', 'young')
const unit = fc.constantFrom('N', 'S')
const run = fc.record({
  op: fc.constant('run' as const),
  scope: fc.option(unit, { freq: 1 }),
  rows: fc.integer({ min: 1, max: 3 }),
  dieAt: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 1 }),
})
const change = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('add' as const),
      name,
      under: place,
      at,
      unit,
      early: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('move' as const), name, under: place, at }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('touch' as const), name, at }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), name }) },
)
const history = fc.array(fc.tuple(fc.array(change, { minLength: 1, maxLength: 8 }), run), {
  minLength: 1,
  maxLength: 4,
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

  async apply(f: FileWorld, op: Op): Promise<void> {
    if (op.op === 'run') return crashable(f, op)
    if (op.op === 'add') return this.#add(f, op)
    const file = this.#files.get(op.name)
    if (!file) return
    if (op.op === 'touch') return f.touch(op.name, op.at, `v${this.#files.size}`)
    if (op.op === 'move') return this.#move(f, op, file)
    this.#files.delete(op.name)
    return f.remove(op.name)
  }

  async #add(f: FileWorld, op: Extract<Op, { op: 'add' }>): Promise<void> {
    const parent = this.#pathOf(op.under)
    if (this.#files.has(op.name) || parent === undefined) return
    if (op.early && !this.#early.has(op.name)) {
      this.#early.add(op.name)
      return f.meta(op.name, op.at, op.unit)
    }
    this.#files.set(op.name, { path: `${parent ?? '/'}${op.name}/`, parent })
    await f.add({ [op.name]: { under: op.under, at: op.at, unit: op.unit, bare: this.#early.delete(op.name) } })
  }

  async #move(f: FileWorld, op: Extract<Op, { op: 'move' }>, { path: from }: Place): Promise<void> {
    const parent = this.#pathOf(op.under)
    if (parent === undefined || parent?.startsWith(from) || EXCLUDED.some((e) => parent?.includes(`/${e}/`))) return
    const to = `${parent ?? '/'}${op.name}/`
    const moved = (at: string | null): string | null => (at?.startsWith(from) ? to + at.slice(from.length) : at)
    for (const [name, at] of this.#files)
      this.#files.set(name, { path: moved(at.path) ?? '', parent: moved(at.parent) })
    this.#files.set(op.name, { path: to, parent })
    await f.move(op.name, op.under, op.at)
  }

  /** undefined: not there */
  #pathOf(name: string | null): string | null | undefined {
    return name === null ? null : this.#files.get(name)?.path
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
    fc.asyncProperty(history, async (rounds) => {
      await using f = await openFiles()
      const forest = new Forest()
      for (const [changes, then] of rounds) {
        for (const c of changes) await forest.apply(f, c)
        await forest.apply(f, then)
      }
      await f.world.source(
        "UPDATE meta SET modified_on = CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP) WHERE modified_on > TIMESTAMP '2900-01-01'",
      )
      // what crashed in a scope is resumed first, then the whole flow runs
      for (const scope of [{ unit: 'N' }, { unit: 'S' }, {}])
        for (const r of await f.world.runs(flow, { scope })) expect(said(r)).toMatch(WELL)
      await check(f, forest)
    }),
    { numRuns: Number(process.env['PBT_RUNS'] ?? 60) },
  )
})
