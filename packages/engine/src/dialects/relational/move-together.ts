/** Rows that move in a target that refers from row to row: which of them one statement has to move, and after what. */
import { AppError } from '../../runtime/app-error.ts'
import { execAll, type Sender } from './sender.ts'
import type { Ctx } from './tree.sql.ts'

/** What the statements here make and nobody reads when the rows are numbered. */
export const MOVES = ['mover', 'pair', 'late', 'awaits'] as const

const SHOWN = 5

/** Assigns step and depth of rows that move, and of what waits for them. False: nothing moves. */
export async function moveTogether(to: Sender, x: Ctx): Promise<boolean> {
  const { moves } = x.c.say
  await execAll(to, moves.findMovers(x))
  if ((await to.count(moves.countMovers(x))) === 0n) return false
  await refuseLeftBehind(to, x)
  await execAll(to, moves.findPairs(x))
  await untilNone(() => to.exec(moves.joinUnits(x)))
  await execAll(to, moves.startLate(x))
  await untilNone(() => to.exec(moves.addLate(x)))
  await execAll(to, moves.findAwaited(x))
  await untilNone((level) => to.exec(moves.rank(x, level)))
  await refuseTangled(to, x)
  await to.exec(moves.assignLate(x))
  return true
}

/** Rows that the statement changed, all rounds together. */
export async function untilNone(say: (round: number) => Promise<bigint>): Promise<bigint> {
  let all = 0n
  for (let round = 0; ; round++) {
    const changed = await say(round)
    if (changed === 0n) return all
    all += changed
  }
}

async function refuseLeftBehind(to: Sender, x: Ctx): Promise<void> {
  const left = await to.query(x.c.say.moves.leftBehind(x))
  if (left.length === 0) return
  const shown = left.slice(0, SHOWN).map(([key, parent]) => `${key} below ${parent}`)
  throw new AppError('TM4042', `${tableOf(x)}: ${listed(shown, left.length)}`)
}

async function refuseTangled(to: Sender, x: Ctx): Promise<void> {
  const rows = await to.query(x.c.say.moves.tangled(x))
  if (rows.length === 0) return
  const shown = rows.slice(0, SHOWN).map(([key]) => key ?? '')
  throw new AppError('TM4043', `${tableOf(x)}: ${listed(shown, rows.length)}`)
}

const listed = (shown: readonly string[], all: number): string =>
  `${shown.join(', ')}${all > shown.length ? ', …' : ''}`

const tableOf = ({ r }: Ctx): string => r.target.table.join('.')
