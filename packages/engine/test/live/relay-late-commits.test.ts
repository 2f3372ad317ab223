/**
 * Late commits from end to end: 2 to 6 writers, whose transactions open, stamp, prepare and commit in any order, with runs
 * without a buffer in between. When all have ended, the target is the source; nothing was lost, and nothing came twice.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PostgresSession } from '../../src/drivers/postgres.ts'
import { assertProperty } from '../model/property-run.ts'
import { inTurn, LONG } from '../support/long.ts'
import { present } from '../support/present.ts'
import { ProcessProject } from '../support/process-project.ts'

const TABLE = [
  'CREATE TABLE office.src (id bigserial PRIMARY KEY, writer integer, at timestamptz NOT NULL DEFAULT now())',
  'CREATE INDEX ON office.src (at)',
]
const WITH_TRANSACTION = [
  'CREATE TABLE office.src (id bigserial PRIMARY KEY, writer integer, x xid8 NOT NULL DEFAULT pg_current_xact_id())',
  'CREATE INDEX ON office.src (x)',
]
/** The position is a row of its own, which may be there long before the row that it belongs to. */
const WITH_STAMPS = [
  'CREATE TABLE office.src (id bigserial PRIMARY KEY, writer integer)',
  'CREATE TABLE office.stamp (src_id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
  'CREATE INDEX ON office.stamp (at)',
]
const CASES = [
  { by: 'a moment', version: '15', position: 'at', tables: TABLE },
  { by: 'a number', version: '18', position: 'id', tables: TABLE },
  { by: 'a transaction id', version: '15', position: 'x', tables: WITH_TRANSACTION },
  {
    by: 'a moment in a joined table',
    version: '18',
    position: 's.at',
    tables: WITH_STAMPS,
    join: '{ table: stamp, as: s, on: { id: src_id } }',
  },
] as const

type Move =
  | { readonly do: 'write' | 'take number' | 'commit' | 'prepare' | 'roll back' | 'begin'; readonly writer: number }
  | { readonly do: 'run' }

const move = (writers: number): fc.Arbitrary<Move> => {
  const by = (what: Exclude<Move['do'], 'run'>) =>
    fc.record({ do: fc.constant(what), writer: fc.nat({ max: writers - 1 }) })
  return fc.oneof(
    { weight: 4, arbitrary: by('write') },
    { weight: 2, arbitrary: by('begin') },
    { weight: 1, arbitrary: by('take number') },
    { weight: 3, arbitrary: by('commit') },
    { weight: 1, arbitrary: by('prepare') },
    { weight: 1, arbitrary: by('roll back') },
    { weight: 4, arbitrary: fc.constant<Move>({ do: 'run' }) },
  )
}
const interleaving = fc
  .integer({ min: 2, max: 6 })
  .chain((writers) =>
    fc.record({ writers: fc.constant(writers), moves: fc.array(move(writers), { minLength: 8, maxLength: 30 }) }),
  )

/** a number waits for a look that came after it, and each run takes one */
const RUNS_TO_ARRIVE = 3

let prepared = 0

/** One transaction at a time. */
class Writer {
  readonly #session: PostgresSession
  readonly #name: number
  readonly #stamps: boolean
  /** the row's number, taken before the row is written; where positions are rows of their own, with one */
  #number: string | null = null
  /** the present transaction made the position of that number */
  #stampedNow = false
  /** prepared, and not yet committed */
  #left: string | null = null

  constructor(session: PostgresSession, name: number, stamps: boolean) {
    this.#session = session
    this.#name = name
    this.#stamps = stamps
  }

  async act(what: Exclude<Move['do'], 'run'>): Promise<void> {
    const s = this.#session
    if (what === 'begin') return void (s.inTransaction || (await s.begin()))
    if (what === 'take number') {
      if (!s.inTransaction) await s.begin()
      this.#number = await this.#next()
    } else if (what === 'write') {
      if (!s.inTransaction) await s.begin()
      const id = this.#number ?? (await this.#next())
      this.#number = null
      await s.run('INSERT INTO office.src (id, writer) VALUES ($1, $2)', [id, String(this.#name)])
    } else if (what === 'prepare') {
      if (!s.inTransaction || this.#left !== null) return
      this.#left = `late-${process.pid}-${++prepared}`
      await s.run(`PREPARE TRANSACTION '${this.#left}'`)
      this.#stampedNow = false
      await s.rollback()
    } else if (what === 'commit') {
      this.#stampedNow = false
      if (s.inTransaction) await s.commit()
      else if (this.#left !== null) {
        await s.run(`COMMIT PREPARED '${this.#left}'`)
        this.#left = null
      }
    } else if (s.inTransaction) {
      if (this.#stampedNow) this.#number = null
      this.#stampedNow = false
      await s.rollback()
    }
  }

  async #next(): Promise<string> {
    const [[id] = []] = await this.#session.rows("SELECT nextval('office.src_id_seq')")
    if (this.#stamps) {
      await this.#session.run('INSERT INTO office.stamp (src_id) VALUES ($1)', [present(id, 'number')])
      this.#stampedNow = true
    }
    return present(id, 'number')
  }

  async end(): Promise<void> {
    await this.act('commit')
    await this.act('commit')
    if (this.#number === null) return
    await this.act('write') // a position whose row comes last of all
    await this.act('commit')
  }
}

test.for(CASES)(
  'over relay nothing is lost and nothing comes twice, whatever the order of commits: by $by on PostgreSQL $version',
  { timeout: LONG ? 7_200_000 : 600_000 },
  async ({ by, version, position, tables, ...more }, { task, skip }) => {
    if (!inTurn(task.name)) skip('on another day')
    const join = 'join' in more ? more.join : null
    const buffer = { 'a moment': '0s', 'a number': '0', 'a transaction id': null, 'a moment in a joined table': '0s' }[
      by
    ]
    await using p = await ProcessProject.open({
      ways: 'relay',
      version,
      lease: '60s',
      joined: join,
      capture: `{ kind: watermark, position: ${position}${buffer === null ? '' : `, buffer: ${buffer}`} }`,
    })
    await p.a.exec(...tables)
    let inserted = 0
    let beyond = 0
    const run = async (): Promise<void> => {
      const { status, error, rows } = await p.run()
      expect(['succeeded', 'nothing_to_do'], JSON.stringify(error)).toContain(status)
      inserted += Number(rows.inserted)
      beyond += Number(rows.updated) + Number(rows.skipped_same) + Number(rows.skipped_older)
    }
    const written = async (): Promise<number> => Number((await p.a.rows('SELECT count(*) FROM office.src'))[0]?.[0])
    // an interleaving in which nobody writes finds a target all the same
    await using first = await p.a.connect()
    const ahead = new Writer(first, 0, join !== null)
    await ahead.act('write')
    await ahead.act('commit')
    for (let i = 0; i < RUNS_TO_ARRIVE; i++) await run()
    expect(inserted).toBe(1)
    await assertProperty(`late commits by ${by}`, 6, interleaving, async ({ writers, moves }) => {
      ;[inserted, beyond] = [0, 0]
      const before = await written()
      await using open = new AsyncDisposableStack()
      const all: Writer[] = []
      for (let i = 0; i < writers; i++) all.push(new Writer(open.use(await p.a.connect()), i, join !== null))
      for (const m of moves) {
        if (m.do === 'run') await run()
        else await present(all[m.writer], 'writer').act(m.do)
      }
      for (const writer of all) await writer.end()
      for (let i = 0; i < RUNS_TO_ARRIVE; i++) await run()
      expect(await p.differences()).toEqual([])
      expect({ inserted, beyond }).toEqual({ inserted: (await written()) - before, beyond: 0 })
    })
  },
)
