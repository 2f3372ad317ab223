/** The text of an imported module, with the scripts that were left to a person below it. Pure. */
import type { JsonMap } from '../../definition/canonical.ts'
import { moduleText } from '../../definition/export.ts'
import type { From, ImportedTask } from './translate-installation.ts'
import type { LeftScript } from './translate-scripts.ts'

export function importedYaml(
  document: JsonMap,
  tasks: readonly ImportedTask[],
  { connection, database }: From,
): string {
  const all = tasks.flatMap((task) => task.left.map((script) => ({ ...script, task: task.name })))
  const left = Map.groupBy(all, ({ step, why, text }) => JSON.stringify([step, why, text]))
  return [
    `# Imported from ${inComment(database)} on ${connection}. Edit it: it is yours now.`,
    moduleText(document).trimEnd(),
    ...[...left.values()].flatMap(leftLines),
    '',
  ].join('\n')
}

function leftLines(alike: readonly (LeftScript & { readonly task: string })[]): readonly string[] {
  const [first] = alike
  if (first === undefined) return []
  const off = alike.map(({ task }) => task).join(', ')
  return [
    '',
    `# Not taken over: the script of step ${inComment(first.step)}, because ${inComment(first.why)}. Therefore off: ${off}`,
    ...first.text
      .trim()
      .split(/\r?\n/)
      .map((line) => `#   ${inComment(line)}`.trimEnd()),
  ]
}

/** What other people wrote: nothing of it may end a comment. */
const inComment = (text: string): string => text.replaceAll('\t', '  ').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
