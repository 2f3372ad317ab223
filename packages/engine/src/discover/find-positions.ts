/** Columns that order changes, best first, each with what to know before relying on it. */
import type { SurveyedColumn, SurveyedTable, SurveyPort, TableLook, TimeOrder } from '../dialects/survey.ts'
import { changedRank, saysCreated } from './name-words.ts'
import { type ProposedKey, type ProposedPosition, type RefusedPosition, rowsText } from './proposal.ts'

export interface FoundPositions {
  readonly positions: readonly ProposedPosition[]
  readonly refused: readonly RefusedPosition[]
}

/** Fewer rows in the order of their ids are chance, or a list that was sorted when it was loaded. */
const ROWS_THAT_SHOW_GROWTH = 100n

export const INSERTS_ONLY = 'sees only inserts'

export async function findPositions(
  port: Pick<SurveyPort, 'growsWithInsertion'>,
  table: SurveyedTable,
  key: ProposedKey | null,
  look: TableLook | null,
): Promise<FoundPositions> {
  const judged = table.columns.flatMap((column) => judgeTime(column, look))
  const positions = judged
    .flatMap((j) => ('rank' in j ? [j] : []))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ position }) => position)
  const serial = await serialOf(port, table, key, look)
  return {
    positions: [...table.columns.flatMap(versionOf), ...positions, ...(serial ? [serial] : [])],
    refused: judged.flatMap((j) => ('why' in j ? [j] : [])),
  }
}

type Judged = { readonly rank: number; readonly position: ProposedPosition } | RefusedPosition

/** Changed before created, fine before coarse, with a zone before without. */
function judgeTime(column: SurveyedColumn, look: TableLook | null): readonly Judged[] {
  const changed = changedRank(column.name)
  if (column.order?.kind !== 'time' || (changed === null && !saysCreated(column.name))) return []
  const { coarse, zoned } = column.order
  const seen = look?.columns.get(column.name)
  const nulls = seen?.nulls ?? 0n
  if (nulls > 0n) return [{ column: column.name, why: `${rowsText(nulls)} without a value` }]
  if (seen?.ahead && !seen.ahead.withinADay)
    return [{ column: column.name, why: `${rowsText(seen.ahead.values)} in the future, up to ${seen.ahead.newest}` }]
  const seesUpdates = changed !== null
  return [
    {
      rank: (changed ?? 10) * 4 + (coarse === null ? 0 : 2) + (zoned ? 0 : 1),
      position: {
        column: column.name,
        join: null,
        order: 'time',
        seesUpdates,
        indexed: column.indexed,
        reason: `its name says ${seesUpdates ? 'changed' : 'created'}${look === null ? '' : look.rows === 0n ? ', there are no rows' : ', no NULLs, nothing in the future'}`,
        remarks: [
          ...(seesUpdates ? [] : [INSERTS_ONLY]),
          ...timeRemarks(column.order, seen?.ahead ?? null),
          ...(column.indexed === false ? ['not indexed: slow'] : []),
          ...(look === null ? ['NULLs not checked'] : []),
        ],
      },
    },
  ]
}

const timeRemarks = (
  { coarse, zoned }: TimeOrder,
  ahead: { readonly values: bigint; readonly newest: string } | null,
): readonly string[] => [
  ...(coarse === null
    ? []
    : [`as coarse as ${coarse}${coarse === 'a day' ? ': what changes today arrives tomorrow' : ''}`]),
  ...(ahead === null
    ? []
    : [`${rowsText(ahead.values)} ahead of the clock, up to ${ahead.newest}: a wall clock, or another zone?`]),
  ...(zoned || coarse !== null ? [] : ['taken as UTC']),
]

/** A number of its changes that the database gives to each row: no clock is as exact. */
const versionOf = (column: SurveyedColumn): readonly ProposedPosition[] =>
  column.order?.kind !== 'rowversion'
    ? []
    : [
        {
          column: column.name,
          join: null,
          order: 'rowversion',
          seesUpdates: true,
          indexed: column.indexed,
          reason: 'the database numbers every change',
          remarks: column.indexed === false ? ['not indexed: slow'] : [],
        },
      ]

/** A number that the database gives out, or that grew with the rows as they came. */
async function serialOf(
  port: Pick<SurveyPort, 'growsWithInsertion'>,
  table: SurveyedTable,
  key: ProposedKey | null,
  look: TableLook | null,
): Promise<ProposedPosition | null> {
  const [only, ...more] = key?.columns ?? []
  const column = table.columns.find((c) => c.name === only)
  if (column?.order?.kind !== 'number' || more.length > 0) return null
  const position = (reason: string): ProposedPosition => ({
    column: column.name,
    join: null,
    order: 'number',
    seesUpdates: false,
    indexed: column.indexed,
    reason,
    remarks: [INSERTS_ONLY],
  })
  if (column.serial) return position('the database numbers the rows')
  if (look === null || look.rows < ROWS_THAT_SHOW_GROWTH) return null
  return (await port.growsWithInsertion(table, column.name))
    ? position(`grew with ${rowsText(look.rows)} in the order they came`)
    : null
}
