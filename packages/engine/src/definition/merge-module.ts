/** Three-way merge of one module: what the last deploy wrote, what the YAML says now, what the table holds. */
import type { ModuleRow, Replacing } from '../control/control-store.ts'
import { canonicalJson, type JsonMap } from './canonical.ts'
import { mergeActivity } from './merge-activity.ts'
import { mergeFields } from './merge-fields.ts'
import { parseStoredJson } from './read-json.ts'
import { addedRow, mergedRow, type RowMerge } from './row-merge.ts'
import type { DeclaredModule } from './rows.ts'

type Content = Pick<ModuleRow, 'description' | 'schedule'>

/** Hours that a person chose make no schedule with the time zone of the YAML. */
const WHOLE: ReadonlySet<string> = new Set(['schedule'])

/** `row` null: not in the tables yet. */
export function mergeModule(
  declared: DeclaredModule,
  row: ModuleRow | null,
  overwrite: boolean,
): RowMerge<Replacing<ModuleRow>> {
  const { id } = declared
  const subject = `module ${id}`
  if (row === null) {
    const { description, schedule } = declared
    const isActive = declared.active ?? true
    const deployed = deployedText(declared, isActive)
    return addedRow(subject, { id, description, schedule, isActive, deployed, was: null })
  }
  const base = row.deployed === null ? null : readDeployed(row.deployed)
  const versions = { yaml: documentOf(declared), table: documentOf(row), base: base?.document ?? null }
  const fields = mergeFields(versions, { indivisible: false, whole: WHOLE, context: 'connection' }, overwrite)
  const activity = mergeActivity(declared.active, row.isActive, base?.isActive ?? null, overwrite)
  const { description, schedule } = fields.document === null ? row : contentOf(fields.document)
  const write = {
    id,
    description,
    schedule,
    isActive: activity.write ?? row.isActive,
    deployed: deployedText(declared, activity.write ?? base?.isActive ?? null),
    was: row,
  }
  return mergedRow(subject, write, fields, activity)
}

const documentOf = ({ description, schedule }: Content): JsonMap => ({
  ...(description === null ? {} : { description }),
  ...(schedule === null ? {} : { schedule: parseStoredJson(schedule) }),
})

const contentOf = ({ description, schedule }: JsonMap): Content => ({
  description: typeof description === 'string' ? description : null,
  schedule: schedule === undefined ? null : canonicalJson(schedule),
})

/** `isActive`: what a deploy last made of it; null: no deploy ever did. */
function deployedText({ description, schedule }: Content, isActive: boolean | null): string {
  return JSON.stringify({
    description,
    schedule: schedule === null ? null : parseStoredJson(schedule),
    is_active: isActive,
  })
}

function readDeployed(text: string): { readonly document: JsonMap; readonly isActive: boolean | null } {
  const { description = null, schedule = null, is_active: isActive } = parseStoredJson(text) as JsonMap
  return {
    document: { ...(description === null ? {} : { description }), ...(schedule === null ? {} : { schedule }) },
    isActive: typeof isActive === 'boolean' ? isActive : null,
  }
}
