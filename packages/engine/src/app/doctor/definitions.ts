/** The YAML, the control tables, and what was never deployed. */
import type { CatalogRows } from '../../control/control-store.ts'
import { compareDefinitions } from '../../definition/difference.ts'
import { loadDefinitions } from '../../definition/load-definitions.ts'
import { problemsError } from '../../definition/problem.ts'
import type { ResolvedCatalog } from '../../definition/resolve.ts'
import type { AppContext } from '../app-context.ts'
import { type Check, failed, ok, warn } from './check.ts'

export function checkDefinitions(ctx: AppContext, tables: CatalogRows | null): readonly Check[] {
  const subject = ctx.project.hasModules ? 'modules' : 'tidemark.yaml'
  try {
    const yaml = loadDefinitions(ctx.project, { captures: ctx.captureSchemas, path: null, tables })
    if (yaml.problems.length > 0) return [failed('definitions', subject, problemsError(yaml.problems))]
    const { connections, tasks } = yaml.rows
    const sound = ok('definitions', subject, `sound: ${number(connections, 'connection')}, ${number(tasks, 'task')}`)
    if (tables === null || !ctx.project.hasModules) return [sound]
    const { undeployed, editedByHand } = compareDefinitions(yaml.rows, tables, true)
    const names = (of: typeof undeployed): string => of.map((d) => `${d.subject} (${d.kind})`).join(', ')
    return [
      sound,
      undeployed.length === 0
        ? ok('deployed', subject, 'the control tables hold what the YAML says')
        : warn(
            'deployed',
            subject,
            `not deployed yet: ${names(undeployed)}`,
            'tidemark deploy   shows the difference and takes it',
          ),
      ...(editedByHand.length === 0
        ? []
        : [ok('edited', subject, `the tables rule where they were edited by hand: ${names(editedByHand)}`)]),
    ]
  } catch (error) {
    return [failed('definitions', subject, error)]
  }
}

const number = ({ length }: readonly unknown[], noun: string): string => `${length} ${noun}${length === 1 ? '' : 's'}`

export const checkTables = ({ problems, flows }: ResolvedCatalog): Check =>
  problems.length > 0
    ? failed('control-tables', 'control tables', problemsError(problems))
    : ok('control-tables', 'control tables', `${number(flows, 'flow')}, nothing wrong`)
