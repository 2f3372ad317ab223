/** An installation of BlobDeltaJobs as plain rows: what a reader gives, without a server behind it. */
import type { BlobDeltaReader, PlainRow, PlainTable } from '../../src/app/import/blob-delta-reader.ts'

export interface PlainInstallation {
  /** table → its rows; the columns are those of the first, or the second part of `[columns, rows]` */
  readonly tables: Readonly<Record<string, readonly PlainRow[]>>
  readonly procedures?: readonly { readonly name: string; readonly text: string }[]
  /** `database.schema.table` → values of its `businessunit` */
  readonly units?: Readonly<Record<string, readonly string[]>>
  readonly now?: string
}

export const NOW = '2026-11-23 02:00:00.0000000'

export function plainReader({ tables, procedures = [], units = {}, now = NOW }: PlainInstallation): BlobDeltaReader {
  return {
    location: 'database BlobDeltaJobs of connection office',
    tables: async () =>
      Object.entries(tables).map(
        ([name, rows]): PlainTable => ({ schema: 'dbo', name, columns: Object.keys(rows[0] ?? {}) }),
      ),
    rows: async ({ name }, columns) =>
      (tables[name] ?? []).map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null]))),
    count: async ({ name }) => BigInt(tables[name]?.length ?? 0),
    procedures: async () => procedures,
    values: async (table) => units[table.join('.')] ?? null,
    now: async () => now,
    [Symbol.asyncDispose]: async () => {},
  }
}

export interface ConfiguredTable {
  readonly target: string
  readonly name: string
  readonly more?: PlainRow
}

const METADATA = ['AdvancedRBS_MetaData', 'AdvancedRBS_Forms'] as const

/** A row of the configuration, as installations fill it in. */
export const configured = ({ target, name, more = {} }: ConfiguredTable): PlainRow => ({
  TableName: `${target}.dbo.${name}`,
  SourceDatabase: 'AdvancedRBSBlob_WCCIS',
  SourceSchema: 'dbo',
  SourceTable: name,
  TargetDatabase: target,
  TargetSchema: 'dbo',
  TargetTable: name,
  MetadataDatabase: name.includes('Form') ? METADATA[1] : METADATA[0],
  MetadataSchema: 'dbo',
  MetadataTable: `cw_${name.toLowerCase()}Base`,
  MetadataIdColumn: `cw_${name.toLowerCase()}Id`,
  MetadataModifiedOnCol: 'ModifiedOn',
  SafetyBufferMinutes: '240',
  IncludeUpdatesInDelta: '1',
  IncludeDeletesInDelta: '0',
  IsActive: '1',
  ...more,
})

export const highWater = (table: string, position: string | null, more: PlainRow = {}): PlainRow => ({
  TableName: table,
  LastHighWaterModifiedOn: position,
  IsInitialFullLoadDone: position === null ? '0' : '1',
  IsRunning: '0',
  RunLeaseExpiresAt: null,
  ...more,
})

export const COLUMNS = ['stream_id', 'file_stream', 'name', 'path_locator', 'is_directory'] as const

/** The script of a step that takes rows of the window, in the words of such installations. */
export const windowScript = (
  which: 'IS NULL' | 'IS NOT NULL',
  { where = '', unit = true, dop = '[MaxDOP]', values = COLUMNS.map((c) => `f.[${c}]`) as readonly string[] } = {},
): string => `
-- rows of the window
INSERT TOP (@BatchSize) INTO [TargetTableFull] (${COLUMNS.map((c) => `[${c}]`).join(', ')})
SELECT ${values.join(', ')}
FROM [SourceTableFull] AS f WITH (NOLOCK)
INNER JOIN [MetadataTableFull] m WITH (NOLOCK) ON m.[MetadataIdColumn] = f.stream_id
INNER JOIN [BusinessUnitTableFull] u WITH (NOLOCK) ON u.businessunit = m.OwningBusinessUnit
LEFT JOIN [TargetTableFull] t WITH (NOLOCK) ON t.stream_id = f.stream_id
WHERE f.parent_path_locator ${which} AND t.stream_id IS NULL AND f.stream_id <> @ExcludedStreamId
  AND m.[MetadataModifiedOnColumn] > @WindowStart AND m.[MetadataModifiedOnColumn] <= @WindowEnd
  ${unit ? 'AND (@BusinessUnitId IS NULL OR u.businessunit = @BusinessUnitId)' : ''} ${where}
ORDER BY f.stream_id
OPTION (MAXDOP ${dop});
`

export const PARENTS_SCRIPT = `
INSERT INTO [TargetTableFull] (${COLUMNS.map((c) => `[${c}]`).join(', ')})
SELECT ${COLUMNS.map((c) => `f.[${c}]`).join(', ')}
FROM [SourceTableFull] f INNER JOIN #Batch b ON b.stream_id = f.stream_id
OPTION (MAXDOP [MaxDOP]);
`

export const script = (step: 1 | 2 | 3, body: string, more: PlainRow = {}): PlainRow => ({
  StepNumber: String(step),
  ScriptKind: { 1: 'Roots', 2: 'MissingParentsBatch', 3: 'Children' }[step],
  StageName: { 1: 'Roots', 2: 'MissingParents', 3: 'Children' }[step],
  ScriptBody: body,
  ...more,
})

export const STANDARD_SCRIPTS: readonly PlainRow[] = [
  script(1, windowScript('IS NULL')),
  script(2, PARENTS_SCRIPT),
  script(3, windowScript('IS NOT NULL', { dop: '1' })),
]

export const policy = (
  number: number | null,
  fatal: boolean,
  {
    pattern = null,
    step = null,
    table = null,
  }: { pattern?: string | null; step?: string | null; table?: string | null } = {},
): PlainRow => ({
  ErrorNumber: number === null ? null : String(number),
  ErrorMessagePattern: pattern,
  AppliesToStep: step,
  AppliesToTableName: table,
  IsFatal: fatal ? '1' : '0',
})

export const EXCLUDED = '7F8D53EC-B98C-F011-B86B-005056A2DD37'

export const RUN_PROCEDURE = {
  name: 'usp_BlobDelta_Run',
  text: `CREATE PROCEDURE dbo.usp_BlobDelta_Run @BatchSize int = 400, @MaxDOP tinyint = 2 AS
    DECLARE @ExcludedStreamId uniqueidentifier; SET @ExcludedStreamId = '${EXCLUDED.toLowerCase()}'`,
}
