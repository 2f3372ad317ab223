/**
 * The last word of every example: its `sql/compare.sql` holds source against target, row by row, both ways. It runs in
 * DuckDB; what lies in PostgreSQL is copied out first, by the scripts of `sql/compare`, into CSV files of the same names
 * in `data/compare`.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { count, counted, type Narrator } from '../../packages/engine/src/demo/narrator.ts'
import { copyOut, runSqlScript } from './sql-script.ts'

export interface Compared {
  readonly what: string
  readonly sourceRows: number
  readonly targetRows: number
  /** in the source alone; a row that differs in one value counts here and as surplus */
  readonly missing: number
  readonly surplus: number
}

export async function compare(project: string, signal: AbortSignal): Promise<readonly Compared[]> {
  const scripts = path.join(project, 'sql/compare')
  for (const name of existsSync(scripts) ? readdirSync(scripts) : [])
    await copyOut(project, `sql/compare/${name}`, `data/compare/${path.parse(name).name}.csv`, signal)
  const rows = await runSqlScript(project, 'sql/compare.sql', signal)
  return rows.map(([what, ...numbers]) => {
    const [sourceRows, targetRows, missing, surplus] = numbers.map(Number)
    if (what == null || surplus === undefined || numbers.some((n) => n === null || !/^\d+$/.test(n)))
      throw new Error(`sql/compare.sql must end with what, source rows, target rows, missing, surplus: ${String(what)}`)
    return { what, sourceRows: sourceRows ?? 0, targetRows: targetRows ?? 0, missing: missing ?? 0, surplus }
  })
}

/** Tells what was compared; how many differences. Nothing compared, or nothing there to compare, is one. */
export function tellComparison(narrator: Narrator, compared: readonly Compared[]): number {
  narrator.act('Source and target compared, row by row, both ways')
  for (const c of compared)
    narrator.text(
      `${c.what}: source ${count(c.sourceRows)} rows, target ${count(c.targetRows)} rows · ${count(c.missing)} missing, ${count(c.surplus)} surplus`,
    )
  const empty = compared.length === 0 || compared.some((c) => c.sourceRows === 0)
  const differences = compared.reduce((n, c) => n + c.missing + c.surplus, 0)
  if (empty) narrator.fault('there was nothing to compare')
  else if (differences > 0) narrator.fault(counted(differences, 'difference'))
  else narrator.check(true, '0 differences', '')
  return empty ? Math.max(1, differences) : differences
}
