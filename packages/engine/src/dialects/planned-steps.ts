/** SQL of a person's own for the steps of a flow, as a plan holds it. */
import type { TableName } from '@tidemark/contract/flow'
import type { TemplateToken } from '@tidemark/contract/step-template'
import type { FlowRelation } from './contract.ts'

/** A piece of a person's SELECT: text as the tokenizer left it, a relation, or a value that is bound. */
export type PlannedPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'token'; readonly name: TemplateToken }
  /** of the source */
  | { readonly kind: 'table'; readonly table: TableName }
  /** of the selection's window, in the position's type */
  | { readonly kind: 'bound'; readonly name: 'after' | 'up_to' }
  | { readonly kind: 'value'; readonly type: string; readonly value: string | null }
  | { readonly kind: 'count'; readonly count: number }

export interface PlannedTemplate {
  readonly pieces: readonly PlannedPiece[]
}

/** SELECTs of a person's own for a step; null: generated. */
export interface PlannedStep {
  readonly name: string
  /** the keys that are taken, before filters and exclusions */
  readonly queue: PlannedTemplate | null
  /** the target's columns for the keys of a batch */
  readonly batch: PlannedTemplate | null
  /** at most so many processors of the server on one statement of its batches; absent: as the server is set */
  readonly maxDop?: number
}

export interface TemplateColumn {
  readonly name: string
  readonly type: string
}

export interface TemplateReader {
  /** The columns that a template gives. Runs nothing; throws TM4037 where it is not one SELECT that can be prepared. */
  describeTemplate(
    relation: FlowRelation,
    template: PlannedTemplate,
    targetExists: boolean,
  ): Promise<readonly TemplateColumn[]>
}

interface WithSteps {
  readonly steps: readonly PlannedStep[]
}

/** A run that captured again may have the same steps twice. */
export const stepAt = ({ steps }: WithSteps, step: number): PlannedStep | undefined => steps[(step - 1) % steps.length]

/** Of a flat flow: a tree's closure decides what comes. */
export const queueOf = ({ steps }: WithSteps): PlannedTemplate | null => steps[0]?.queue ?? null
