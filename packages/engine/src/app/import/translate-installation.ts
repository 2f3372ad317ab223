/** An installation's configuration and watermarks as modules of ours, and what will be different. Pure. */
import type { Scope } from '@tidemark/contract/flow'
import type { ImportDifference } from '@tidemark/contract/operate-documents'
import type { JsonMap } from '../../definition/canonical.ts'
import { taskIds } from '../../discover/task-ids.ts'
import { type Difference, together } from './difference.ts'
import { differencesOf } from './installation-differences.ts'
import { moduleDocument } from './module-document.ts'
import { importedYaml } from './imported-yaml.ts'
import type { InstalledRow, Installation } from './read-installation.ts'
import { type Procedures, readProcedures } from './read-procedures.ts'
import { isOn, translateErrors } from './translate-errors.ts'
import { type TranslatedTable, translateTable } from './translate-table.ts'

export interface ImportedTask extends TranslatedTable {
  readonly id: string
  /** `module.task` */
  readonly name: string
}

export interface ImportedModule {
  readonly id: string
  /** of the targets */
  readonly database: string
  readonly active: boolean
  readonly document: JsonMap
  readonly yaml: string
  readonly tasks: readonly ImportedTask[]
}

export interface ImportedWatermark {
  readonly flow: string
  readonly scope: Scope
  /** as the installation has it */
  readonly position: string
}

export interface Imported {
  readonly modules: readonly ImportedModule[]
  readonly watermarks: readonly ImportedWatermark[]
  readonly differences: readonly ImportDifference[]
  /** tables that the installation is at work on, so that their watermarks may move */
  readonly busy: readonly string[]
}

export interface From {
  readonly connection: string
  readonly database: string
}

export function translateInstallation(installation: Installation, from: From): Imported {
  const { config } = installation.rows
  const procedures = readProcedures(installation.procedures)
  const databases = [...Map.groupBy(config, (row) => row.targetDatabase ?? '').entries()]
  const ids = taskIds(databases.map(([database]) => [database]))
  const modules = databases.map(([database, rows], i) =>
    translateModule(ids[i] ?? '', database, rows, installation, procedures, from),
  )
  const tasks = modules.flatMap((module) => module.tasks)
  const { found, differences } = watermarksOf(installation, tasks)
  return {
    modules,
    watermarks: found,
    differences: together([
      ...differencesOf(installation, procedures, modules),
      ...modules.flatMap((module) => module.differences),
      ...tasks.flatMap((task) => task.differences),
      ...differences,
    ]),
    busy: busyTables(installation),
  }
}

type Config = InstalledRow<'config'>

function translateModule(
  id: string,
  database: string,
  rows: readonly Config[],
  installation: Installation,
  procedures: Procedures,
  from: From,
): ImportedModule & { readonly differences: readonly Difference[] } {
  const general = translateErrors(installation.rows.errorPolicy, null, id)
  const names = taskIds(rows.map((row) => [row.targetSchema ?? '', row.targetTable ?? '']))
  const context = { connection: from.connection, installation, procedures, quarantines: general.quarantines }
  const tasks = rows.map((row, i): ImportedTask => {
    const task = names[i] ?? ''
    const name = `${id}.${task}`
    return { id: task, name, ...translateTable(row, name, context) }
  })
  const extract = installation.rows.targetDatabase.find((t) => fold(t.database) === fold(database))?.extract ?? null
  const active = extract === null || isOn(extract)
  const document = moduleDocument({ id, database, active }, tasks, general.policies)
  const differences: Difference[] = active
    ? [...general.differences]
    : [
        ...general.differences,
        {
          kind: 'behaviour',
          subject: id,
          was: `Extract = 0 for ${database}: it runs only where @TargetDatabase names it`,
          now: 'active: false, and nothing of it runs: take it out to run the module by its name',
        },
      ]
  return { id, database, active, document, tasks, differences, yaml: importedYaml(document, tasks, from) }
}

const fold = (text: string | null): string => (text ?? '').toLowerCase()

function watermarksOf(
  { rows }: Installation,
  tasks: readonly ImportedTask[],
): { readonly found: readonly ImportedWatermark[]; readonly differences: readonly Difference[] } {
  const found: ImportedWatermark[] = []
  const differences: Difference[] = []
  for (const { table, unit, position } of rows.watermark) {
    if (position === null) continue
    const task = tasks.find((t) => fold(t.table) === fold(table))
    const was = `the watermark ${position} of ${table}${unit === null ? '' : ` for ${unit}`}`
    const refuse = (subject: string, now: string): void => void differences.push({ kind: 'refused', subject, was, now })
    if (task === undefined) refuse(table ?? '', 'there is no configuration of that table: nothing to keep it for')
    else if (JSON.stringify(task.flow['capture']) === '"backfill"')
      refuse(task.name, 'no column of it tells when a row changed: name one, and rewind the flow to that position')
    else found.push({ flow: task.name, scope: unit === null ? {} : { business_unit: unit }, position })
  }
  return { found, differences }
}

/** A flag whose lease has run out was left behind by a crash. */
function busyTables({ rows, now }: Installation): readonly string[] {
  return rows.watermark
    .filter((row) => isOn(row.running) && (row.leaseUntil === null || row.leaseUntil > now))
    .map((row) => row.table ?? '')
}
