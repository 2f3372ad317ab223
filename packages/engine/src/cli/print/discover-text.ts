import type { DiscoverDocument } from '@tidemark/contract/api'
import { count, counted } from './numbers.ts'
import type { Screen } from './screen.ts'
import { type Cell, renderTable } from './table.ts'
import { oneLine } from './width.ts'

type Table = DiscoverDocument['tables'][number]

export interface WrittenTo {
  /** as typed; null: nothing was written */
  readonly file: string | null
  /** `check` and `plan` read it from there */
  readonly inProject: boolean
}

export function discoverText(document: DiscoverDocument, to: WrittenTo, { style, width }: Screen): string {
  if (document.tables.length === 0) return `No table and no view in ${document.connection}.\n`
  const columns = [
    { header: 'TABLE', cut: true },
    { header: 'ROWS', align: 'right' },
    { header: 'KEY', cut: true },
    { header: 'POSITION', cut: true },
    { header: 'SHAPE', cut: true },
  ] as const
  const rows = document.tables.map((table): readonly Cell[] => [
    table.table,
    rowsCell(table),
    keyCell(table),
    positionCell(table),
    shapeCell(table),
  ])
  return renderTable(columns, rows, width, style) + nextSteps(document, to)

  function keyCell({ key, no_key }: Table): Cell {
    if (key === null) return { text: `none: ${no_key}`, paint: style.warn }
    return `${key.columns.join(', ')}${key.declared ? '' : ` (${key.reason})`}`
  }
}

function rowsCell({ rows, rows_are }: Table): string {
  if (rows === null) return '?'
  return `${rows_are === 'counted' ? '' : rows_are === 'estimated' ? '~ ' : '> '}${count(rows)}`
}

function positionCell({ positions, no_positions, capture, key }: Table): string {
  const [best, ...others] = positions
  // a position that the project as a whole rules out
  if (best === undefined || capture === 'backfill') {
    const why = no_positions.map((p) => `${p.column}: ${p.why}`).join(', ')
    return `none${why === '' ? '' : ` (${why})`}${key === null ? '' : ' → backfill'}`
  }
  const remarks = [...best.remarks, ...(best.indexed === true ? ['indexed'] : [])]
  const also = others.length === 0 ? '' : `; also ${others.map((p) => p.column).join(', ')}`
  return `${best.column}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}${also}`
}

function shapeCell({ shape }: Table): string {
  if (shape === null) return 'flat'
  return shape.sure ? `tree by ${shape.locator}` : `flat; perhaps a tree by ${shape.locator}`
}

function nextSteps({ connection, tables, file }: DiscoverDocument, to: WrittenTo): string {
  if (file === null || to.file === null)
    return `Write flows for them: tidemark discover ${connection} --write modules/${connection}.yaml\n`
  const flows = tables.flatMap(({ flow }) => (flow === null ? [] : [flow]))
  const left = tables.filter((t) => t.left_out !== null)
  return [
    ...left.map((t) => `${oneLine(`left out: ${t.table}: ${t.left_out}`)}\n`),
    `${counted(flows.length, 'flow')} written to ${to.file}. `,
    to.inProject
      ? `Check them: tidemark check · see what they would do: tidemark plan ${flows[0] ?? ''}\n`
      : `It is outside modules/, so nothing reads it by itself: tidemark deploy ${to.file}\n`,
  ].join('')
}
