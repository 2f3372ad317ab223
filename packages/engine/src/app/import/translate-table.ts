/** One configured table as a task: what moves, by what, in which steps. Pure. */
import { formatDuration } from '@tidemark/contract/duration'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { JsonMap } from '../../definition/canonical.ts'
import type { Difference } from './difference.ts'
import { OWNING_UNIT, UNIT_COLUMN } from './installation-names.ts'
import { type InstalledRow, type Installation, type TableParts, unitKey, unitTableOf } from './read-installation.ts'
import type { Procedures } from './read-procedures.ts'
import { KEY, LOCATOR, META, PARENT, type ScriptNames } from './script-meaning.ts'
import { isOn, translateErrors } from './translate-errors.ts'
import { translateQueue } from './translate-queue.ts'
import { type LeftScript, translateScripts, type TranslatedScripts } from './translate-scripts.ts'

type Config = InstalledRow<'config'>

export interface TranslatedTable {
  /** as the installation calls it */
  readonly table: string
  readonly active: boolean
  readonly order: number
  readonly flow: JsonMap
  readonly left: readonly LeftScript[]
  readonly differences: readonly Difference[]
}

export interface TableContext {
  readonly connection: string
  readonly installation: Installation
  readonly procedures: Procedures
  /** policies of every table keep rows out */
  readonly quarantines: boolean
}

/** what the procedures take where nobody says */
const BUFFER_MINUTES = 240
const SCOPE = 'business_unit'

/** `subject`: what its differences are told of. */
export function translateTable(row: Config, subject: string, context: TableContext): TranslatedTable {
  const { installation, procedures } = context
  const { stepScript, queueScript, errorPolicy } = installation.rows
  const names = namesOf(row)
  const table = row.table ?? ''
  const dop = Number(row.maxDop ?? procedures.maxDop)
  const scripts = translateScripts(stepScript, table, names, dop, subject)
  const queue = translateQueue(queueScript, table, names, subject)
  const left = [...scripts.left, ...queue.left]
  const errors = translateErrors(errorPolicy, table, subject)
  const quarantines = errors.quarantines || context.quarantines
  const excluded = [
    ...new Set([...(row.excluded === null ? [] : [row.excluded.toUpperCase()]), ...procedures.excluded]),
  ]
  const units = unitsOf(row, scripts)
  const owner = formatColumnRef({ table: META, column: units?.owner ?? row.unitColumn ?? OWNING_UNIT })
  const flow: JsonMap = {
    source: {
      connection: context.connection,
      table: formatTableName(names.source),
      join: [{ table: formatTableName(names.metadata), as: META, on: { [KEY]: names.metadataId } }, ...scripts.joins],
      ...whereOf(units, owner, scripts),
    },
    // a table that a run made would be no FileTable
    target: { connection: context.connection, table: formatTableName(names.target), create: 'never' },
    key: [KEY],
    ...captureOf(row),
    shape: { kind: 'tree', locator: LOCATOR, parent: PARENT, ...(quarantines ? { orphans: 'quarantine' } : {}) },
    scope: { [SCOPE]: owner },
    ...(excluded.length === 0 ? {} : { exclude_keys: { [KEY]: excluded } }),
    // what a FileTable computes by itself
    columns: scripts.columns === null ? { exclude: [PARENT] } : { include: scripts.columns },
    batch: { rows: Number(row.batchSize ?? procedures.batchSize) },
    steps: scripts.steps,
    ...(quarantines ? { on_reject: 'quarantine' } : {}),
    ...(errors.policies.length === 0 ? {} : { on_error: errors.policies }),
  }
  return {
    table,
    active: (row.active === null || isOn(row.active)) && left.length === 0,
    order: Number(row.order ?? 1),
    flow,
    left,
    differences: [
      ...aboutTable(row, subject, context, units),
      ...scripts.differences,
      ...queue.differences,
      ...errors.differences,
    ],
  }
}

function namesOf(row: Config): ScriptNames {
  return {
    source: [row.sourceDatabase ?? '', row.sourceSchema ?? '', row.sourceTable ?? ''],
    target: [row.targetDatabase ?? '', row.targetSchema ?? '', row.targetTable ?? ''],
    metadata: [row.metadataDatabase ?? '', row.metadataSchema ?? '', row.metadataTable ?? ''],
    metadataId: row.metadataId ?? '',
    modifiedOn: row.modifiedOn,
  }
}

interface Units {
  readonly table: TableParts
  readonly column: string
  readonly owner: string
}

/** Null: the scripts take rows of every unit. */
function unitsOf(row: Config, { units }: TranslatedScripts): Units | null {
  const usual = unitTableOf(row)
  if (units === null) return null
  if (units === undefined) return { table: usual, column: UNIT_COLUMN, owner: row.unitColumn ?? OWNING_UNIT }
  const [table = usual[2], schema = usual[1], database = usual[0]] = (units.table ?? usual).toReversed()
  return { table: [database, schema, table], column: units.column, owner: units.owner }
}

function whereOf(units: Units | null, owner: string, scripts: TranslatedScripts): JsonMap {
  const listed =
    units === null ? [] : [{ column: owner, in: { table: formatTableName(units.table), column: units.column } }]
  const where = [...listed, ...scripts.where]
  return where.length === 0 ? {} : { where }
}

function captureOf(row: Config): JsonMap {
  if (row.modifiedOn === null) return { capture: 'backfill', apply: 'insert-missing' }
  const minutes = Number(row.bufferMinutes ?? BUFFER_MINUTES)
  return {
    capture: {
      kind: 'watermark',
      position: formatColumnRef({ table: META, column: row.modifiedOn }),
      clock: 'utc',
      stamped_by: 'application',
      buffer: formatDuration(minutes * 60_000),
    },
    apply: row.updates === null || isOn(row.updates) ? 'latest' : 'insert-missing',
  }
}

function* aboutTable(
  row: Config,
  subject: string,
  { installation }: TableContext,
  units: Units | null,
): Generator<Difference> {
  const differ = (kind: Difference['kind'], was: string, now: string): Difference => ({
    kind,
    subject,
    was,
    now,
  })
  if (isOn(row.deletes))
    yield differ(
      'refused',
      'IncludeDeletesInDelta is set',
      'a watermark sees no deletes, as the procedures did not: tell the receiver, or compare the keys',
    )
  if (row.active !== null && !isOn(row.active)) yield differ('behaviour', 'IsActive = 0', 'active: false')
  if (row.modifiedOn === null)
    yield differ(
      'behaviour',
      'no column tells when a row changed',
      'capture: backfill compares all keys, and inserts what the target lacks',
    )
  if (units === null)
    yield differ('behaviour', 'the scripts ask for no table of business units', 'rows of every unit are taken')
  else if (installation.units.get(unitKey(units.table)) === null)
    yield differ(
      'refused',
      `${units.table.join('.')} lists the business units`,
      'there is no such table with that column, or it may not be read: plan stops until it is there (TM4001)',
    )
}
