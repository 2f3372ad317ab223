/** An installation's tables, found by their names in its catalog, as plain rows under names of our own. */
import { AppError } from '../../runtime/app-error.ts'
import type { BlobDeltaReader, PlainRow, PlainTable } from './blob-delta-reader.ts'
import {
  COUNTED,
  type CountedTable,
  INSTALLATION,
  type InstallationTable,
  type TableNames,
  UNIT_COLUMN,
  UNIT_TABLE,
} from './installation-names.ts'

/** A row by our names of its columns; null also where the installation has no such column. */
export type InstalledRow<T extends InstallationTable> = Readonly<
  Record<keyof (typeof INSTALLATION)[T]['columns'], string | null>
>

export type TableParts = readonly [database: string, schema: string, table: string]

export interface Installation {
  readonly location: string
  readonly now: string
  readonly rows: { readonly [T in InstallationTable]: readonly InstalledRow<T>[] }
  /** what is not there: `BlobDeltaErrorPolicy`, `BlobDeltaTableConfig.MaxDOP` */
  readonly missing: readonly string[]
  readonly counts: Readonly<Partial<Record<CountedTable, { readonly name: string; readonly rows: bigint }>>>
  readonly procedures: readonly { readonly name: string; readonly text: string }[]
  /** `database.schema.table` in lower case → its units; null: it cannot be read */
  readonly units: ReadonlyMap<string, readonly string[] | null>
}

export async function readInstallation(reader: BlobDeltaReader): Promise<Installation> {
  const tables = await reader.tables()
  const missing: string[] = []
  const read = async <T extends InstallationTable>(which: T): Promise<readonly InstalledRow<T>[]> =>
    (await readTable(reader, tables, INSTALLATION[which], missing)) as readonly InstalledRow<T>[]
  const config = await read('config')
  return {
    location: reader.location,
    rows: {
      config,
      watermark: await read('watermark'),
      stepScript: await read('stepScript'),
      queueScript: await read('queueScript'),
      errorPolicy: await read('errorPolicy'),
      targetDatabase: await read('targetDatabase'),
    },
    counts: await countTables(reader, tables),
    procedures: await reader.procedures(),
    units: await readUnits(reader, config),
    now: await reader.now(),
    missing,
  }
}

const fold = (text: string): string => text.toLowerCase()

/** Of several names of one table that are there the first counts. */
const findTable = (tables: readonly PlainTable[], names: readonly string[]): PlainTable | undefined =>
  names.flatMap((name) => tables.filter((t) => fold(t.name) === fold(name))).at(0)

async function readTable(
  reader: BlobDeltaReader,
  tables: readonly PlainTable[],
  wanted: TableNames,
  missing: string[],
): Promise<readonly PlainRow[]> {
  const [usual = '', ...others] = wanted.names
  const table = findTable(tables, wanted.names)
  if (table === undefined) {
    if (wanted.required === true)
      throw new AppError('TM1041', `${reader.location} has no table ${usual}, nor ${others.join(' or ')}`, {
        remedy: ['name the database with the tables of the installation: --database NAME', 'or grant SELECT on them'],
      })
    missing.push(usual)
    return []
  }
  const found = new Map<string, string>()
  for (const [name, { names, required }] of Object.entries(wanted.columns)) {
    const column = names.flatMap((n) => table.columns.filter((c) => fold(c) === fold(n))).at(0)
    if (column !== undefined) found.set(name, column)
    else if (required === true)
      throw new AppError('TM1041', `${table.name} in ${reader.location} has no column ${names.join(' or ')}`, {
        remedy: [
          `it has ${table.columns.join(', ')}`,
          'a database of views with the usual names is read just the same: --database NAME',
        ],
      })
    else missing.push(`${table.name}.${names[0]}`)
  }
  const rows = await reader.rows(table, [...found.values()])
  return rows.map((row) =>
    Object.fromEntries(
      Object.keys(wanted.columns).map((name) => {
        const column = found.get(name)
        return [name, column === undefined ? null : (row[column] ?? null)]
      }),
    ),
  )
}

async function countTables(reader: BlobDeltaReader, tables: readonly PlainTable[]): Promise<Installation['counts']> {
  const counts: Partial<Record<CountedTable, { name: string; rows: bigint }>> = {}
  for (const [which, names] of Object.entries(COUNTED)) {
    const table = findTable(tables, names)
    if (table !== undefined) counts[which as CountedTable] = { name: table.name, rows: await reader.count(table) }
  }
  return counts
}

/** Where the units of a configured table are listed. */
export const unitTableOf = (row: InstalledRow<'config'>): TableParts => [
  row.unitDatabase ?? row.targetDatabase ?? '',
  row.unitSchema ?? row.targetSchema ?? '',
  row.unitTable ?? UNIT_TABLE,
]

export const unitKey = (table: TableParts): string => fold(table.join('.'))

async function readUnits(
  reader: BlobDeltaReader,
  config: readonly InstalledRow<'config'>[],
): Promise<Installation['units']> {
  const units = new Map<string, readonly string[] | null>()
  for (const table of config.map(unitTableOf)) {
    const key = unitKey(table)
    if (!units.has(key)) units.set(key, await reader.values(table, UNIT_COLUMN))
  }
  return units
}
