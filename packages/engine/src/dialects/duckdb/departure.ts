/**
 * Rows leaving DuckDB, or a folder of files, for another engine. Where rows have numbers and stand still, each batch is read
 * by their range; else all are taken out once into the run's work file, and batches are ranges of that.
 */
import { createReadStream, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../runtime/app-error.ts'
import { newShortId } from '../../runtime/new-id.ts'
import type {
  CapturedBatch,
  CapturedRanges,
  FlowRelation,
  OpenBench,
  RangesAlone,
  RangesRequest,
  Selection,
  SourcePort,
  UnmatchedRow,
} from '../contract.ts'
import { departingSource } from '../departing-source.ts'
import { type Departure, type Leaving, LeavingFailed, type Wire } from '../departure.ts'
import { readsSpool } from '../lanes.ts'
import { printable } from '../sql-text.ts'
import { spooledRelation, WHOLE_SPOOL } from '../spooled-relation.ts'
import { type DuckdbBench, openBenchFrom, type OpenSourceEnd } from './bench.ts'
import { departingRows, uncast, writeCsv } from './departing.sql.ts'
import { translate } from './errors.ts'
import { attachedSource, attachedTables } from './names.ts'
import { DuckdbTarget } from './target.ts'
import type { OpenTargetEnd } from './target-end.ts'
import { DuckdbWorkArea } from './work-area.ts'

/** Another engine has the target. */
export const noTarget: OpenTargetEnd = ({ target }) =>
  Promise.resolve({
    file: null,
    catalog: null,
    location: target.id,
    landing: null,
    target: (session, c, foreign) => new DuckdbTarget(null, session, c, target.id, foreign),
    hot: () => null,
  })

export async function openDuckdbDeparture(options: OpenBench, openSource: OpenSourceEnd): Promise<Departure> {
  const bench = await openBenchFrom(options, openSource, noTarget)
  return new DuckdbDeparture(bench, placeOf(options))
}

/** Of the files on their way: their folder, and how their names begin. */
export function placeOf({ workPath, limits }: OpenBench): string {
  return join(limits.tempDir, workPath === null ? 'look' : basename(workPath, '.duckdb'))
}

export class DuckdbDeparture implements Departure, RangesAlone {
  readonly kind = 'duckdb'
  readonly wires: readonly Wire[] = ['csv']
  readonly reads = null
  readonly capturesKeys = false
  readonly source: SourcePort
  readonly work: RangesAlone = this
  readonly bench: DuckdbBench
  readonly area: DuckdbWorkArea
  /** of the files on their way: their folder, and how their names begin */
  readonly #place: string
  #relation: FlowRelation | null = null

  constructor(bench: DuckdbBench, place: string) {
    if (!(bench.work instanceof DuckdbWorkArea)) throw new TypeError('DuckDB captures keys')
    this.bench = bench
    this.source = departingSource(bench.source)
    this.area = bench.work
    this.#place = place
  }

  async ranges(request: RangesRequest): Promise<CapturedRanges> {
    const relation = uncast(request.relation)
    this.#relation = relation
    const selection = { ...request.selection, absent: null }
    const direct = await this.area.ranges({ ...request, relation, selection })
    if (direct !== null) return asRanges(direct, 'source')
    if ((await this.area.spooled()) === null) {
      const { rows } = await this.source.tally(relation, selection, 0n, false)
      await this.area.spool(relation, selection, rows)
    }
    const spooled = await this.area.ranges({
      ...request,
      relation: spooledRelation(relation),
      selection: WHOLE_SPOOL,
    })
    if (spooled === null) throw new TypeError('a spool has ranges')
    return asRanges(spooled, 'spool')
  }

  refusal(r: FlowRelation): string | null {
    return r.position !== null && r.position.ref.table !== null
      ? 'the position is in a joined table, whose rows without a main row are told by captured keys'
      : null
  }

  unmatched(): Promise<readonly UnmatchedRow[]> {
    return Promise.resolve([])
  }

  found(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  captured(keys: readonly string[]): Promise<readonly string[]> {
    return this.#relation === null ? Promise.resolve([]) : this.area.inSpool(this.#relation, keys)
  }

  async read(flow: FlowRelation, selection: Selection, split: CapturedBatch): Promise<Leaving> {
    const { range, readAt } = split
    const ofSpool = range?.kind === 'rows' && range.of === 'spool'
    if ((ofSpool ? await this.area.spooled() : await this.source.fingerprint()) !== readAt)
      throw new AppError('TM5006', `${flow.source.table.join('.')} on ${this.source.location}`)
    const r = readsSpool(flow)
      ? await this.area.asSpooled(flow)
      : ofSpool
        ? spooledRelation(uncast(flow))
        : uncast(flow)
    const path = this.newPath('leaving')
    const remove = (): void => rmSync(path, { force: true })
    try {
      await this.bench.writeOut(
        (c) => writeCsv(departingRows(c, r, selection, split), path, r.columns.length),
        split.bytes,
      )
      return { sendTo: (into) => sendFile(path, into).finally(remove) }
    } catch (error) {
      remove()
      throw error
    }
  }

  /** Of a file on its way, which a crash leaves to whoever sweeps up after the run. */
  newPath(what: string): string {
    return `${this.#place}.${what}-${newShortId(12)}.csv`
  }

  translate(error: unknown): Error {
    return translate(error, this.source.location, 'TM4019')
  }

  explain(flow: FlowRelation, selection: Selection): string {
    const c = this.bench.catalogs
    const range = { kind: 'rows', of: 'source', from: '1', to: '1000' } as const
    const split = { step: 1, wave: 1, readAt: null, range, first: 1n, last: 1000n, rows: 1000n, bytes: 0n }
    const named = { ...c, source: attachedSource('source'), target: attachedTables('target') }
    return printable(writeCsv(departingRows(named, uncast(flow), selection, split), 'BATCH.csv', flow.columns.length))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]()
  }
}

/** Throws LeavingFailed, or what the stream failed with. */
export async function sendFile(path: string, into: Writable): Promise<null> {
  const bytes = createReadStream(path)
  // whichever end fails first is the one to tell: the other one is destroyed with the same error
  let failure: Error | null = null
  bytes.once('error', (error) => (failure ??= new LeavingFailed(error)))
  into.once('error', (error) => (failure ??= error))
  try {
    await pipeline(bytes, into)
    return null
  } catch (error) {
    throw failure ?? error
  }
}

export const asRanges = ({ check, batches }: CapturedRanges, of: 'source' | 'spool'): CapturedRanges => ({
  check,
  batches: batches.map((b) => ({
    ...b,
    range: { kind: 'rows', of, from: String(b.first), to: String(b.last) },
    first: 1n,
    last: b.rows,
  })),
})
