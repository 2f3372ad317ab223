/** What a target remembers, read for whoever judges whether it and the ledger agree. */
import type { TargetMemory } from '../target-memory.ts'
import { type Sql, sql } from '../sql-text.ts'
import { settledOf } from './marker-rows.ts'
import type { OwnTable, TargetNames } from './names.ts'
import type { Sender } from './sender.ts'

export const OWN_TABLES: readonly OwnTable[] = ['fence', 'marker', 'marker_reject', 'settled']

export const ownName = (name: OwnTable): string => `tidemark.${name}`

/** `there`: those of the tables that exist. */
export async function remembered(
  to: Pick<Sender, 'query'>,
  c: TargetNames,
  there: ReadonlySet<string>,
): Promise<Omit<TargetMemory, 'tables'>> {
  const rows = async (table: OwnTable, statement: Sql) => (there.has(table) ? await to.query(statement) : [])
  const fences = sql`SELECT store, flow, max(token) FROM ${c.own('fence')} GROUP BY store, flow ORDER BY store, flow`
  const settled = sql`SELECT flow, store, scope, run, up_to, had_rows FROM ${c.own('settled')} ORDER BY settled_at`
  const marked = sql`SELECT DISTINCT store, flow, run FROM ${c.own('marker')} ORDER BY store, flow, run`
  return {
    unprepared: OWN_TABLES.filter((name) => !there.has(name)).map(ownName),
    fences: (await rows('fence', fences)).map(([store, flow, token]) => ({
      store: store ?? '',
      flow: flow ?? '',
      token: BigInt(token ?? '0'),
    })),
    settled: (await rows('settled', settled)).map(([flow, ...row]) => ({ flow: flow ?? '', ...settledOf(row) })),
    marked: (await rows('marker', marked)).map(([store, flow, run]) => ({
      store: store ?? '',
      flow: flow ?? '',
      run: run ?? '',
    })),
  }
}
