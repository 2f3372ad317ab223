/** Rows of each kind with some of their values, for a page that people read; and which columns are looked at. */
import type { Desk } from '../../dialects/duckdb/desk.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Compared } from '../../snapshot/compare.ts'
import type { ComparedColumn } from '../../snapshot/compared.ts'
import { type ComparedPairs, sampleRows } from '../../snapshot/differences.sql.ts'
import type { Images } from '../../snapshot/judge.sql.ts'
import type { TwoSnapshots } from './choose-two.ts'
import { keyJson } from './snapshot-json.ts'

/** Besides the key: what fits on a page that is printed. */
const SHOWN_COLUMNS = 6

export interface SampleRow {
  readonly key: readonly (string | null)[]
  /** in the order of the columns */
  readonly values: readonly (string | null)[]
}

export interface SampleTable {
  readonly columns: readonly string[]
  /** columns that the rows have besides, the key's left out */
  readonly others: number
  readonly rows: readonly SampleRow[]
}

/** Changed rows as they are now. */
export type Samples = Readonly<Record<'new' | 'changed' | 'deleted', SampleTable>>

/** `NAME`, or `NAME,NAME`. Throws TM4002 where one of them is not compared in both. */
export function chooseColumns(found: Compared, two: TwoSnapshots, wanted: readonly string[] | null): ComparedPairs {
  if (wanted === null) return found.columns
  const named = (name: string) => found.columns.find(({ now }) => isSame(now.name, name))
  const chosen = new Set(
    wanted.flatMap((text) => {
      const whole = named(text) // a comma may be part of a name
      return whole === undefined
        ? text.split(',').map((name) => named(name.trim()) ?? refuse(name.trim(), found, two))
        : [whole]
    }),
  )
  return found.columns.filter((pair) => chosen.has(pair))
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function refuse(name: string, { columns, schema }: Compared, { before, after }: TwoSnapshots): never {
  const alone = schema.added.some((n) => isSame(n, name))
    ? after
    : schema.removed.some((n) => isSame(n, name))
      ? before
      : null
  const what = alone === null ? 'neither snapshot compares' : `${alone.snapshot} alone compares`
  throw new AppError('TM4002', `--columns names ${name}, which ${what}`, {
    remedy: [`compared in both: ${columns.map(({ now }) => now.name).join(', ')}`],
  })
}

export async function sampled(
  desk: Desk,
  { before, after }: TwoSnapshots,
  images: Images,
  chosen: ComparedPairs,
  limit: bigint,
): Promise<Samples> {
  const isKey = (name: string): boolean => after.key.includes(name) || before.key.includes(name)
  const of = async (
    kind: 'new' | 'changed' | 'deleted',
    image: string,
    columns: readonly ComparedColumn[],
  ): Promise<SampleTable> => {
    const besides = columns.filter(({ name }) => !isKey(name))
    const shown = besides.slice(0, SHOWN_COLUMNS)
    const rows = await desk.query(sampleRows(kind, image, shown, limit))
    return {
      columns: shown.map(({ name }) => name),
      others: besides.length - shown.length,
      rows: rows.map(([key, ...values]) => ({ key: keyJson(key ?? '[]'), values })),
    }
  }
  return {
    new: await of(
      'new',
      images.now,
      chosen.map(({ now }) => now),
    ),
    changed: await of(
      'changed',
      images.now,
      chosen.map(({ now }) => now),
    ),
    deleted: await of(
      'deleted',
      images.before,
      chosen.map(({ before: b }) => b),
    ),
  }
}
