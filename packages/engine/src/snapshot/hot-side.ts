/** The newest snapshots of one flow: a DuckDB file with keys and hashes, and a folder with their images. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineLimits } from '../dialects/contract.ts'
import { Desk } from '../dialects/duckdb/desk.ts'
import type { Sql } from '../dialects/sql-text.ts'
import {
  type ArchiveEntry,
  type ArchiveState,
  createArchive,
  entryOf,
  hasArchive,
  listEntries,
  listStates,
  removePending,
  stateOfRow,
} from './archive-entry.ts'
import { createHot, keepSnapshot, listSnapshots, removeSnapshots, snapshotOf } from './hot.sql.ts'
import type { SnapshotRow } from './snapshot-row.ts'
import { type StateOf, tidying } from './tidying.ts'

/** Where the hot sides of a project are. */
export interface HotPlace {
  readonly folder: string
  readonly limits: EngineLimits
  /** snapshots of each scope that stay, where a flow does not say */
  readonly keep: number
  /** how long an archive stays, where a flow does not say; null: for ever */
  readonly retainMs: number | null
}

/** How long a run waits for whoever compares two snapshots: what it has done already would be in vain. */
export const RUN_WAIT_MS = 120_000

export const hotPath = ({ folder }: HotPlace, flow: string): string => join(folder, `${flow}.duckdb`)
export const imageFolder = ({ folder }: HotPlace, flow: string): string => join(folder, flow)
export const imagePath = (place: HotPlace, flow: string, id: string): string =>
  join(imageFolder(place, flow), `${id}.parquet`)

/** Flows that have a hot side. */
export const hotFlows = ({ folder }: HotPlace): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.duckdb'))
        .map((name) => name.slice(0, -'.duckdb'.length))
        .sort()
    : []

export class HotSide implements AsyncDisposable {
  readonly desk: Desk
  readonly catalog: string
  readonly #images: string

  private constructor(desk: Desk, catalog: string, images: string) {
    this.desk = desk
    this.catalog = catalog
    this.#images = images
  }

  /** In write mode it is made where it is missing; in read mode that is null. */
  static async open(place: HotPlace, flow: string, mode: 'write', waitMs?: number): Promise<HotSide>
  static async open(place: HotPlace, flow: string, mode: 'read', waitMs?: number): Promise<HotSide | null>
  static async open(place: HotPlace, flow: string, mode: 'read' | 'write', waitMs?: number): Promise<HotSide | null> {
    const path = hotPath(place, flow)
    if (mode === 'read' && !existsSync(path)) return null
    await using opening = new AsyncDisposableStack()
    if (mode === 'write')
      for (const folder of [imageFolder(place, flow), place.limits.tempDir]) mkdirSync(folder, { recursive: true })
    const desk = opening.use(await Desk.open(`snapshots of ${flow}`, place.limits))
    const catalog = await desk.attach(path, mode, waitMs)
    if (mode === 'write')
      await desk.inTransaction(async () => {
        for (const statement of [...createHot(catalog), createArchive(catalog)]) await desk.exec(statement)
      })
    opening.move()
    return new HotSide(desk, catalog, imageFolder(place, flow))
  }

  /** To compare with, and to write nothing: an empty one in memory where there is none. */
  static async look(place: HotPlace, flow: string): Promise<HotSide> {
    await using opening = new AsyncDisposableStack()
    const desk = opening.use(await Desk.open(`snapshots of ${flow}`, place.limits))
    const path = hotPath(place, flow)
    const isThere = existsSync(path)
    const catalog = isThere ? await desk.attach(path, 'read') : await desk.attachEmpty()
    if (!isThere) for (const statement of createHot(catalog)) await desk.exec(statement)
    opening.move()
    return new HotSide(desk, catalog, imageFolder(place, flow))
  }

  /** Oldest first. */
  async list(): Promise<readonly SnapshotRow[]> {
    return (await this.desk.query(listSnapshots(this.catalog))).map(snapshotOf)
  }

  /** What is archived, or is to be: oldest first. */
  async entries(state: ArchiveState | null = null): Promise<readonly ArchiveEntry[]> {
    return (await this.#archive(listEntries(this.catalog, state))).map(entryOf)
  }

  /** Snapshot → what became of its archive. */
  async archiveStates(): Promise<ReadonlyMap<string, ArchiveState>> {
    return new Map((await this.#archive(listStates(this.catalog))).map(stateOfRow))
  }

  async #archive(query: Sql): Promise<readonly (readonly (string | null)[])[]> {
    // one that an older version made, and that is only read, has no such table
    return (await this.desk.count(hasArchive(this.catalog))) === 0n ? [] : await this.desk.query(query)
  }

  image(id: string): string {
    return join(this.#images, `${id}.parquet`)
  }

  /** An image until it is whole. */
  part(id: string): string {
    return `${this.image(id)}.part`
  }

  /**
   * What crashes and settled runs left to do, and no image without a snapshot. One that is still to be archived stays until
   * it is. `own`: in the making.
   */
  async tidy(keep: number, own: string | null, stateOf: StateOf): Promise<void> {
    const states = await this.archiveStates()
    const held = (id: string): boolean => states.get(id) === 'pending'
    const { kept, gone } = await tidying(await this.list(), { keep, own, held }, stateOf)
    await this.desk.inTransaction(async () => {
      for (const id of kept) await this.desk.exec(keepSnapshot(this.catalog, id))
      if (gone.length > 0) await this.#remove(gone)
    })
    await this.#sweep(own)
  }

  async #sweep(own: string | null): Promise<void> {
    const known = new Set(
      [...(await this.list()).map(({ id }) => id), ...(own === null ? [] : [own])].map((id) => `${id}.parquet`),
    )
    for (const name of readdirSync(this.#images))
      if (!known.has(name)) rmSync(join(this.#images, name), { force: true })
  }

  async #remove(ids: readonly string[]): Promise<void> {
    for (const statement of [...removeSnapshots(this.catalog, ids), removePending(this.catalog, ids)])
      await this.desk.exec(statement)
  }

  async forget(id: string): Promise<void> {
    await this.desk.inTransaction(() => this.#remove([id]))
    for (const path of [this.image(id), this.part(id)]) rmSync(path, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.desk[Symbol.asyncDispose]()
  }
}
