import type { ImportDifference, ImportDocument } from '@tidemark/contract/operate-documents'
import path from 'node:path'
import { flowName } from './flow-name.ts'
import { counted } from './numbers.ts'
import type { Screen } from './screen.ts'
import { renderTable } from './table.ts'

const DIFFERENCES = [{ header: '' }, { header: '' }, { header: '' }] as const
const WATERMARKS = [{ header: 'FLOW', cut: true }, { header: 'WATERMARK' }, { header: '' }] as const

/** The YAML, then what is different in behaviour. `folder`: as typed; null: nothing was written into files. */
export function importText(document: ImportDocument, folder: string | null, screen: Screen): string {
  const { modules, differences } = document
  const of = (kind: ImportDifference['kind']): readonly ImportDifference[] => differences.filter((d) => d.kind === kind)
  return [
    ...modules.map((module) =>
      folder === null
        ? `# modules/${module.module}.yaml\n${module.yaml}\n`
        : `${path.join(folder, path.basename(module.file ?? ''))}   ${counted(module.tasks.length, 'task')}\n`,
    ),
    section('What it is called here', of('parameter'), screen),
    section('What happens otherwise', of('behaviour'), screen),
    section('What was not taken over, and what to do', of('refused'), screen),
    watermarksText(document, screen),
    nextSteps(document, folder),
  ].join('')
}

function section(title: string, lines: readonly ImportDifference[], { style }: Screen): string {
  if (lines.length === 0) return ''
  // sentences: what does not fit goes on in the next line of the terminal
  const rows = lines.map((d) => [subjectsText(d.subjects), d.was, `→ ${d.now}`])
  return `\n${style.bold(title)}\n${renderTable(DIFFERENCES, rows, null, style)}`
}

const subjectsText = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first} and ${others.length} more`

const STATE = { found: '', written: 'written', there: 'was there' } as const

function watermarksText({ watermarks }: ImportDocument, { style, width }: Screen): string {
  if (watermarks.length === 0) return '\nNo watermark: every flow begins with an initial load.\n'
  const rows = watermarks.map(({ flow, scope, position, state }) => [flowName(flow, scope), position, STATE[state]])
  return `\n${renderTable(WATERMARKS, rows, width, style)}`
}

function nextSteps(
  { connection, database, deployed, modules, watermarks }: ImportDocument,
  folder: string | null,
): string {
  const tasks = modules.flatMap((module) => module.tasks)
  const active = tasks.filter((task) => task.active)
  const what = `${counted(modules.length, 'module')} with ${counted(tasks.length, 'task')}, ${active.length} of them active, and ${counted(watermarks.length, 'watermark')}`
  if (deployed)
    return `\n${what} are in the control tables. See what they would do: tidemark plan ${active[0]?.task ?? '--all'}\n`
  const again = `tidemark import blobdelta --connection ${connection} --database ${database}`
  return [
    `\n${what}. ${folder === null ? 'Nothing was written.' : 'Nothing was written into the control tables.'}\n`,
    folder === null ? `Write the modules: ${again} --write modules\n` : '',
    `Write modules and watermarks into the control tables: ${again}${folder === null ? '' : ` --write ${folder}`} --deploy\n`,
  ].join('')
}
