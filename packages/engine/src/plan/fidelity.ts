/** How each column arrives: as it left, cast by the flow's own word, or not at all. Pure. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import type { TargetPort } from '../dialects/contract.ts'
import type { PlannedColumn } from '../dialects/planned-column.ts'
import { AppError } from '../runtime/app-error.ts'

export type Fidelity =
  | { readonly kind: 'lossless'; readonly why: null }
  /** the flow casts it: a value that does not fit is a reject */
  | { readonly kind: 'narrowed'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

export interface ColumnFidelity {
  readonly column: PlannedColumn
  readonly fidelity: Fidelity
}

type Types = Pick<TargetPort, 'narrowing' | 'castNarrowing'>

function whyInexact({ mask, origin, sourceType, targetType }: PlannedColumn, target: Types): string | null {
  // what stands in the place of a masked value is made for the target, and a constant is of one of its types
  if (mask !== null) return null
  return origin.kind === 'value'
    ? target.castNarrowing(sourceType, targetType)
    : target.narrowing(sourceType, targetType)
}

export function fidelityReport(columns: readonly PlannedColumn[], target: Types): readonly ColumnFidelity[] {
  return columns.map((column) => {
    const why = whyInexact(column, target)
    if (why === null) return { column, fidelity: { kind: 'lossless', why } }
    return { column, fidelity: { kind: column.cast === null ? 'refused' : 'narrowed', why } }
  })
}

/** All columns that the target cannot hold, in one error; it carries the report of the others too. */
export class RefusedColumns extends AppError {
  readonly report: readonly ColumnFidelity[]

  constructor(definition: FlowSpec, report: readonly ColumnFidelity[]) {
    const refused = report.filter((r) => r.fidelity.kind === 'refused')
    const from = formatTableName(definition.source.table)
    const detail = refused.map(
      ({ column, fidelity }) =>
        `${from}.${column.source} is ${column.sourceType}, the target column is ${column.targetType}: ${fidelity.why}`,
    )
    // of one type on both sides: what to do is said with the reason
    const unlike = refused.filter(({ column }) => column.sourceType !== column.targetType)
    const casts = unlike.map(({ column }) => `${column.target}: ${quotedType(column.targetType)}`)
    super('TM4107', detail.join('\n'), {
      remedy: [
        ...unlike.map(({ column }) => `change the type of the target column ${column.target} to ${column.sourceType}`),
        ...(casts.length === 0
          ? []
          : [`or columns: { cast: { ${casts.join(', ')} } }   a value that does not fit is a reject`]),
        `or columns: { exclude: [${refused.map(({ column }) => column.source).join(', ')}] }`,
      ],
    })
    this.report = report
  }
}

/** As YAML takes it inside braces. */
const quotedType = (type: string): string => (/^\w+( \w+)*$/.test(type) ? type : JSON.stringify(type))

export function refuseInexact(columns: readonly PlannedColumn[], definition: FlowSpec, target: Types): void {
  const report = fidelityReport(columns, target)
  if (report.some((r) => r.fidelity.kind === 'refused')) throw new RefusedColumns(definition, report)
}
