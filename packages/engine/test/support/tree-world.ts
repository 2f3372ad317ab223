/**
 * A FileTable-shaped source: `files` holds the tree, `meta` a metadata row per file with the position. Locators are
 * paths (`/a/b/`), so that a moved folder changes the locators of everything below it, and nothing else of those rows.
 */
import type { FlowSpec, OrphanPolicy } from '@tidemark/contract/flow'
import type { WatermarkOptions } from '@tidemark/contract/capture'
import type { RunRow } from '../../src/control/control-store.ts'
import type { Failpoint, Hit } from '../../src/runtime/failpoint.ts'
import { flowSpec, openWorld, type World, type WorldOptions } from './world.ts'

/** When a row was touched, as its metadata says: long ago, at this moment, or later than any window reaches. */
export type Touch = 'old' | 'now' | 'young' | null

export interface NewFile {
  /** null: a root */
  readonly under?: string | null
  /** null: a metadata row without a position; default `now` */
  readonly at?: Touch
  /** owning business unit; default `N` */
  readonly unit?: string
  /** no metadata row */
  readonly bare?: boolean
}

type Stamps = Readonly<Record<Exclude<Touch, null>, string>>

const STAMPS: Stamps = {
  old: "TIMESTAMP '2020-01-01'",
  now: "CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)",
  young: "TIMESTAMP '2999-01-01'",
}

/** For runs with a buffer of an hour, and at last one without: every stamp of a row is later than the ones before. */
export const AN_HOUR_AGO: Stamps = {
  ...STAMPS,
  now: `${STAMPS.now} - INTERVAL '2 HOUR'`,
  young: `${STAMPS.now} - INTERVAL '30 MINUTE'`,
}

export interface FileFlowOptions {
  readonly orphans?: OrphanPolicy
  readonly watermark?: Partial<WatermarkOptions>
  readonly over?: Partial<FlowSpec>
}

export const JOINED = { table: ['meta'], as: 'meta', on: { stream_id: 'stream_id' } } as const

/** The flow `m.t` over `files` and `meta`, scope `unit`. */
export function fileFlow({ orphans, watermark, over }: FileFlowOptions = {}): FlowSpec {
  const flat = flowSpec({ watermark: { position: { table: 'meta', column: 'modified_on' }, ...watermark } })
  return {
    ...flat,
    source: { ...flat.source, table: ['files'], joins: [JOINED] },
    key: ['stream_id'],
    shape: { kind: 'tree', locator: 'path_locator', parent: 'parent_path_locator', orphans: orphans ?? null },
    scope: { unit: { table: 'meta', column: 'owning_business_unit' } },
    ...over,
  }
}

export class FileWorld implements AsyncDisposable {
  readonly world: World
  readonly #stamps: Stamps

  constructor(world: World, stamps: Stamps) {
    this.world = world
    this.#stamps = stamps
  }

  #metaOf(id: string, at: Touch, unit: string): string {
    return `INSERT INTO meta VALUES ('${id}', ${at === null ? 'NULL' : this.#stamps[at]}, '${unit}')`
  }

  #touched(id: string, at: Touch): string {
    return at === null ? 'SELECT 1' : `UPDATE meta SET modified_on = ${this.#stamps[at]} WHERE stream_id = '${id}'`
  }

  get ledger(): World['store']['ledger'] {
    return this.world.store.ledger
  }

  /** Files by name; a parent must be there already, or be written in the same call before its child. */
  async add(files: Readonly<Record<string, NewFile>>): Promise<void> {
    const statements: string[] = []
    for (const [id, { under = null, at = 'now', unit = 'N', bare = false }] of Object.entries(files)) {
      const parent = under === null ? 'NULL' : `(SELECT path_locator FROM files WHERE stream_id = '${under}')`
      statements.push(
        `INSERT INTO files SELECT '${id}', '${id}', coalesce(${parent}, '/') || '${id}/', ${parent}, true, 'v1'`,
      )
      if (!bare) statements.push(this.#metaOf(id, at, unit))
    }
    await this.world.source(...statements)
  }

  /** A metadata row, with or without its file. */
  meta(id: string, at: Touch = 'now', unit = 'N'): Promise<void> {
    return this.world.source(this.#metaOf(id, at, unit))
  }

  /** New contents. */
  touch(id: string, at: Touch = 'now', contents = 'v2'): Promise<void> {
    return this.world.source(
      `UPDATE files SET file_stream = '${contents}' WHERE stream_id = '${id}'`,
      this.#touched(id, at),
    )
  }

  /** As a FileTable does it: the locators of everything below change, and only the moved row is touched. */
  async move(id: string, under: string | null, at: Touch = 'now'): Promise<void> {
    const [row] = await this.world.sourceRows(`SELECT path_locator FROM files WHERE stream_id = '${id}'`)
    const [to] =
      under === null
        ? [['/']]
        : await this.world.sourceRows(`SELECT path_locator FROM files WHERE stream_id = '${under}'`)
    const [from, place] = [row?.[0] ?? '', to?.[0] ?? '']
    const now = `${place}${id}/`
    await this.world.source(
      `UPDATE files SET parent_path_locator = '${now}' || substr(parent_path_locator, ${from.length + 1}) WHERE starts_with(parent_path_locator, '${from}')`,
      `UPDATE files SET path_locator = '${now}' || substr(path_locator, ${from.length + 1}) WHERE starts_with(path_locator, '${from}')`,
      `UPDATE files SET parent_path_locator = ${under === null ? 'NULL' : `'${place}'`} WHERE stream_id = '${id}'`,
      this.#touched(id, at),
    )
  }

  /** Gone from the source, with its metadata row. */
  remove(...ids: readonly string[]): Promise<void> {
    const list = ids.map((id) => `'${id}'`).join(', ')
    return this.world.source(
      `DELETE FROM files WHERE stream_id IN (${list})`,
      `DELETE FROM meta WHERE stream_id IN (${list})`,
    )
  }

  /** Names in the order in which they landed: a row that was replaced counts from then. Meaningful with one worker. */
  async landed(): Promise<string> {
    return (await this.world.targetRows(`SELECT stream_id FROM dst ORDER BY ${this.world.place}`))
      .map(([id]) => id)
      .join(' ')
  }

  /** Locators in the target, by name. */
  async locators(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      (await this.world.targetRows('SELECT stream_id, path_locator FROM dst ORDER BY 1')).map(([id, loc]) => [
        id ?? '',
        loc ?? '',
      ]),
    )
  }

  /** Position that the target keeps beside each row. */
  async positions(): Promise<Readonly<Record<string, string | null>>> {
    const rows = await this.world.targetRows(
      'SELECT stream_id, CAST(position AS VARCHAR) FROM tidemark.tidemark_position__main__dst ORDER BY 1',
    )
    return Object.fromEntries(rows.map(([id, position]) => [id ?? '', position ?? null]))
  }

  /** What the run's batches were, in the order of execution: `roots 2 | ancestors 1 | children 3 1`. Waves are joined by a blank, the batches of one by `+`. */
  async batches(run: RunRow): Promise<string> {
    const names = new Map((await this.ledger.listSteps(run.id)).map((s) => [s.step, s.name]))
    const steps: { step: number; wave: number; text: string }[] = []
    for (const b of await this.ledger.listBatches(run.id)) {
      if (b.state === 'superseded') continue
      const last = steps.at(-1)
      if (last?.step !== b.step) steps.push({ step: b.step, wave: b.wave, text: `${names.get(b.step)} ${b.rows.read}` })
      else {
        last.text += `${last.wave === b.wave ? '+' : ' '}${b.rows.read}`
        last.wave = b.wave
      }
    }
    return steps.map((s) => s.text).join(' | ')
  }

  /** Rows of the target whose parent is not there. */
  async parentless(): Promise<readonly string[]> {
    const rows = await this.world.targetRows(
      'SELECT stream_id FROM dst AS c WHERE parent_path_locator IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dst AS p WHERE p.path_locator = c.parent_path_locator) ORDER BY 1',
    )
    return rows.map(([id]) => id ?? '')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]()
  }
}

export async function openFiles(options: WorldOptions = {}, stamps: Stamps = STAMPS): Promise<FileWorld> {
  const world = await openWorld(options)
  await world.source(
    'CREATE TABLE files (stream_id VARCHAR, name VARCHAR, path_locator VARCHAR, parent_path_locator VARCHAR, is_directory BOOLEAN, file_stream VARCHAR)',
    'CREATE TABLE meta (stream_id VARCHAR, modified_on TIMESTAMP, owning_business_unit VARCHAR)',
  )
  return new FileWorld(world, stamps)
}

/** Fails the run at the n-th time it comes to a point; what was committed before stays. */
export function failAt(point: Failpoint, nth: number): Hit {
  let left = nth
  return (at) => {
    if (at === point && --left === 0) throw new Error(`stopped at ${point}`)
  }
}

/** One row a batch, one worker: the order of landing is then the order of the target's rows. */
export const ONE_BY_ONE = { batchRows: 1, workers: 1 } as const
