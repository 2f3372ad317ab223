/** What identifies a row: what is declared, else what the rows show. */
import type { SurveyedColumn, SurveyedTable, SurveyPort, TableLook } from '../dialects/survey.ts'
import { keyRank } from './name-words.ts'
import { type ProposedKey, rowsText } from './proposal.ts'

/** A number or text whose name says nothing. */
const ANY_NAME = 4
/** Questions to the rows for one table: each reads its columns once. */
const MAX_SINGLES = 6
const MAX_PAIRS = 10
/** The estimate of distinct values may be off by so much. */
const SLACK_PERCENT = 140n

interface Found {
  readonly key: ProposedKey | null
  readonly noKey: string | null
}

/** `look` null: the rows were not looked at, because of `unchecked`. */
export async function findKey(
  port: Pick<SurveyPort, 'isUnique'>,
  table: SurveyedTable,
  look: TableLook | null,
  unchecked: string | null,
): Promise<Found> {
  const declared = declaredKey(table, look)
  if (declared) return { key: declared, noKey: null }
  if (look === null) return { key: null, noKey: unchecked ?? 'the rows were not looked at' }
  const columns = likelyColumns(table, look)
  const found = (names: readonly string[]): Found => ({
    key: {
      columns: names,
      declared: false,
      reason: look.rows === 0n ? 'by its name alone: there are no rows' : `no duplicates in ${rowsText(look.rows)}`,
    },
    noKey: null,
  })
  if (look.rows === 0n) {
    const named = columns.find((c) => c.rank < ANY_NAME)
    return named ? found([named.name]) : { key: null, noKey: 'none declared, and no rows to judge by' }
  }
  for (const { name } of columns.filter((c) => mayTellApart(look, [c.name])).slice(0, MAX_SINGLES))
    if (await port.isUnique(table, [name])) return found([name])
  for (const pair of pairsOf(columns.map((c) => c.name))
    .filter((p) => mayTellApart(look, p))
    .slice(0, MAX_PAIRS))
    if (await port.isUnique(table, pair)) return found(pair)
  return { key: null, noKey: 'no column or pair without NULLs and duplicates' }
}

/** A unique constraint lets NULLs pass. */
function declaredKey({ keys, columns }: SurveyedTable, look: TableLook | null): ProposedKey | null {
  for (const key of keys) {
    const of = key.columns.map((name) => columns.find((c) => c.name.toLowerCase() === name.toLowerCase()))
    if (!of.every((c) => c?.identifies === true)) continue
    const names = of.map((c) => c?.name ?? '')
    const nullable = of.filter((c) => c?.nullable === true).map((c) => c?.name ?? '')
    if (nullable.some((name) => (look?.columns.get(name)?.nulls ?? 0n) > 0n)) continue
    const unsure = look === null && nullable.length > 0 ? ', NULLs not checked' : ''
    return { columns: names, reason: `${key.by}${unsure}`, declared: true }
  }
  return null
}

interface LikelyColumn {
  readonly name: string
  readonly rank: number
}

/** Without NULLs, best names first; among equals the order of the table. A time or a flag is nobody's name. */
function likelyColumns({ table, columns }: SurveyedTable, look: TableLook): readonly LikelyColumn[] {
  return columns
    .filter((c) => c.identifies && c.order?.kind !== 'time' && !isFlag(c) && look.columns.get(c.name)?.nulls === 0n)
    .map((c) => ({ name: c.name, rank: keyRank(c.name, table.at(-1) ?? '') }))
    .toSorted((a, b) => a.rank - b.rank)
}

const isFlag = ({ type }: SurveyedColumn): boolean => /^bool/i.test(type)

const distinctOf = (look: TableLook, name: string): bigint => look.columns.get(name)?.distinct ?? 0n

/** As many combinations as rows, were they independent. */
const mayTellApart = (look: TableLook, names: readonly string[]): boolean =>
  names.reduce((product, name) => product * distinctOf(look, name), 1n) * SLACK_PERCENT >= look.rows * 100n

/** The best with every other, then the second best, and so on. */
const pairsOf = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const))
