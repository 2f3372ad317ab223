/**
 * Late commits at the level of the source: 2 to 4 writers, whose transactions begin, stamp and end in any order, with windows
 * without a buffer in between. A row that is committed after a window was told lies above it.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PlannedPosition } from '../../src/dialects/contract.ts'
import { nanosecondsOf } from '../../src/dialects/sqlserver/nanoseconds.ts'
import type { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { assertProperty } from '../model/property-run.ts'
import { present } from '../support/present.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import {
  needRowVersions,
  needShown,
  otherSession,
  readVersions,
  SERIAL,
  TIME,
  VERSION,
  Windows,
} from '../support/sqlserver-source.ts'

interface Case {
  readonly by: string
  readonly position: PlannedPosition
  /** the position of a row that was just written */
  readonly written: string
  readonly orderOf: (text: string) => bigint
}

const CASES: readonly Case[] = [
  { by: 'a moment', position: TIME, written: 'CONVERT(nvarchar(27), inserted.at, 121)', orderOf: nanosecondsOf },
  { by: 'a number', position: SERIAL, written: 'CONVERT(nvarchar(20), inserted.id)', orderOf: BigInt },
  {
    by: 'a row version',
    position: VERSION,
    written: 'CONVERT(nvarchar(18), CAST(inserted.v AS binary(8)), 1)',
    orderOf: BigInt,
  },
]

type Move =
  | { readonly do: 'begin' | 'write' | 'commit' | 'roll back'; readonly writer: number }
  | { readonly do: 'look' }

const move = (writers: number): fc.Arbitrary<Move> => {
  const by = (what: Exclude<Move['do'], 'look'>) =>
    fc.record({ do: fc.constant(what), writer: fc.nat({ max: writers - 1 }) })
  return fc.oneof(
    { weight: 4, arbitrary: by('write') },
    { weight: 1, arbitrary: by('begin') },
    { weight: 3, arbitrary: by('commit') },
    { weight: 1, arbitrary: by('roll back') },
    { weight: 4, arbitrary: fc.constant<Move>({ do: 'look' }) },
  )
}
const interleaving = fc
  .integer({ min: 2, max: 4 })
  .chain((writers) =>
    fc.record({ writers: fc.constant(writers), moves: fc.array(move(writers), { minLength: 8, maxLength: 25 }) }),
  )

/** One transaction at a time, and the positions that it wrote. */
class Writer {
  readonly #session: SqlServerSession
  readonly #written: string
  #open: string[] = []

  constructor(session: SqlServerSession, written: string) {
    this.#session = session
    this.#written = written
  }

  /** The positions that are committed by it. */
  async act(what: Exclude<Move['do'], 'look'>): Promise<readonly string[]> {
    const s = this.#session
    if (what === 'begin' || what === 'write') {
      if (!s.inTransaction) await s.begin()
      if (what === 'begin') return []
      const [[position] = []] = await s.rows(`INSERT INTO src (name) OUTPUT ${this.#written} VALUES (N'x')`)
      this.#open.push(present(position, 'position'))
      return []
    }
    const ended = this.#open
    this.#open = []
    if (s.inTransaction) await (what === 'commit' ? s.commit() : s.rollback())
    return what === 'commit' ? ended : []
  }
}

describe.skipIf(TEST_SERVER === null)('late commits in SQL Server', () => {
  test.for(CASES)('no window passes a row that commits later: by $by', async (by, context) => {
    const { position, written, orderOf } = by
    await using db = await SqlServerDatabase.create()
    await readVersions(db)
    if (position === VERSION) await needRowVersions(context, db)
    const stamps =
      'id bigint IDENTITY PRIMARY KEY, at datetime2(7) NOT NULL DEFAULT SYSUTCDATETIME(), name nvarchar(20)'
    await db.exec(`CREATE TABLE src (${stamps}${position === VERSION ? ', v rowversion' : ''})`)
    await using w = await Windows.open(db)
    await needShown(context, db)
    await w.next(position)
    await assertProperty('late commits in SQL Server', 6, interleaving, async ({ writers, moves }) => {
      await using open = new AsyncDisposableStack()
      const all: Writer[] = []
      for (let i = 0; i < writers; i++) all.push(new Writer(open.use(await otherSession(db)), written))
      let reached: bigint | null = null
      for (const m of moves) {
        if (m.do === 'look') {
          const { upTo } = await w.next(position)
          if (upTo !== null) reached = orderOf(upTo)
        } else {
          const committed = await present(all[m.writer], 'writer').act(m.do)
          for (const late of committed) if (reached !== null) expect(orderOf(late), late).toBeGreaterThan(reached)
        }
      }
      for (const writer of all) await writer.act('roll back')
    })
  })
})
