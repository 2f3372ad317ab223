/** A position is an order only where it is assigned; a table that another flow fills has it copied. Pure. */
import type { WatermarkOptions } from '@tidemark/contract/capture'
import type { FlowSpec } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../runtime/app-error.ts'

export interface CopiedPosition {
  readonly reader: string
  readonly writer: string
  readonly table: string
  readonly position: string
}

/** Throws TM4010 where one of the chosen flows reads such a table. */
export function refuseCopiedPositions(flows: readonly FlowSpec[], chosen: readonly FlowSpec[] = flows): void {
  const found = copiedPositions(flows).find((c) => chosen.some((f) => f.id === c.reader))
  if (found)
    throw new AppError(
      'TM4010',
      `${found.reader} reads ${found.table} by ${found.position}, and ${found.writer} fills both`,
    )
}

const fold = (text: string): string => text.toLowerCase()

/** Flows that read, by watermark, a table whose position column another active flow fills. */
export function copiedPositions(flows: readonly FlowSpec[]): readonly CopiedPosition[] {
  const active = flows.filter((f) => f.active)
  return active.flatMap((reader) => {
    if (reader.capture.kind !== 'watermark') return []
    const { position } = reader.capture.options as WatermarkOptions
    const table =
      position.table === null ? reader.source.table : reader.source.joins.find((j) => j.as === position.table)?.table
    if (!table) return []
    return active
      .filter(
        (w) =>
          w.id !== reader.id &&
          w.target.connection === reader.source.connection &&
          sameTable(w.target.table, table) &&
          fills(w, position.column),
      )
      .map((w) => ({ reader: reader.id, writer: w.id, table: formatTableName(table), position: position.column }))
  })
}

/** `main.t` and `t` are one table where a schema is left out. */
export function sameTable(a: readonly string[], b: readonly string[]): boolean {
  const n = Math.min(a.length, b.length)
  return a.slice(-n).map(fold).join('\0') === b.slice(-n).map(fold).join('\0')
}

function fills(writer: FlowSpec, column: string): boolean {
  const { include, exclude, rename } = writer.columns
  const from = Object.entries(rename).find(([, to]) => fold(to) === fold(column))?.[0] ?? column
  if (Object.keys(rename).some((name) => fold(name) === fold(column)) && from === column) return false
  return (
    !exclude.some((c) => fold(c) === fold(from)) && (include === null || include.some((c) => fold(c) === fold(from)))
  )
}
