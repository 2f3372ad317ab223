/** Transactions a second of the control store, against bare ones of one row in SQLite, one after the other. */
import path from 'node:path'
import { openSqlite } from '../../packages/engine/src/drivers/sqlite.ts'
import { measure } from '../child-task.ts'
import { ledgerCommits } from '../ledger-commits.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../result.ts'
import { seconds } from '../seconds.ts'

const RUNS = 3
const FILE = import.meta.filename

interface RateTask {
  readonly file: string
  readonly batches: number
  readonly full: boolean
}

export async function ledgerRates(ctx: BenchContext): Promise<readonly Result[]> {
  const runs = runsOf(RUNS, ctx)
  const results: Result[] = []
  for (const full of [false, true]) {
    const task: RateTask = { file: path.join(ctx.dir, `bare-${full}.db`), batches: rows(20_000, ctx), full }
    const rates: { readonly ours: number[]; readonly bare: number[] } = { ours: [], bare: [] }
    let peak = 0
    for (let n = 1; n <= runs; n++) {
      const ours = await measure(FILE, 'perTransaction', task)
      const bare = await measure(FILE, 'perBareTransaction', task)
      rates.ours.push(Math.round(1 / ours.seconds))
      rates.bare.push(Math.round(1 / bare.seconds))
      peak = Math.max(peak, ours.rssMb)
      ctx.say(`  ${n} of ${runs}: ${full ? 'full' : 'normal'} ${rates.ours.at(-1)}/s, bare ${rates.bare.at(-1)}/s`)
    }
    results.push(resultOf(`ledger-commits-${full ? 'full' : 'normal'}`, '1/s', rates.ours, rates.bare, peak))
  }
  return results
}

/** In a child: seconds for each transaction. */
export async function perTransaction(given: unknown): Promise<number> {
  const { batches, full } = given as RateTask
  const { normalPerS, fullPerS } = await ledgerCommits(1, batches)
  return 1 / (full ? fullPerS : normalPerS)
}

/** In a child. */
export async function perBareTransaction(given: unknown): Promise<number> {
  const { file, batches, full } = given as RateTask
  const db = openSqlite(file, 1_000)
  try {
    db.all('pragma journal_mode = wal', [])
    db.script(`pragma synchronous = ${full ? 'full' : 'normal'}; create table if not exists t (n integer) strict`)
    const taken = await seconds(async () => {
      for (let n = 0; n < batches; n++) {
        db.all('begin immediate', [])
        db.all('insert into t (n) values (?1)', [n])
        db.all('commit', [])
      }
    })
    return taken / batches
  } finally {
    db.close()
  }
}
