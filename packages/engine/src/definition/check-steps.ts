/** `steps`: their names, and the SQL that a person wrote for them. */
import type { ShapeSpec, StepSpec } from '@tidemark/contract/flow'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { parseTemplate, TemplateError, type TemplatePiece } from '@tidemark/contract/step-template'
import { type Finding, nearHint } from './finding.ts'

const STEPS: Readonly<Record<ShapeSpec['kind'], readonly string[]>> = {
  flat: ['rows'],
  tree: ['roots', 'ancestors', 'children'],
}

export function* stepFinding(
  { kind }: ShapeSpec,
  step: string,
  at: Pick<Finding, 'path' | 'onKey'>,
): Generator<Finding> {
  const steps = STEPS[kind]
  if (steps.includes(step)) return
  const hint = nearHint(step, steps) ?? `there is ${steps.join(', ')}`
  yield { ...at, code: 'TM1013', message: `a flow of shape: ${kind} has no step "${step}"`, hint }
}

export function* stepsOf(flow: FlowBody): Generator<Finding> {
  for (const [name, step] of Object.entries(flow.steps)) {
    yield* stepFinding(flow.shape, name, { path: ['steps', name], onKey: true })
    for (const part of ['queue', 'batch'] as const) {
      const text = step[part]
      if (text !== null) yield* templateOf(flow, text, part, ['steps', name, part])
    }
  }
}

function* templateOf(
  flow: FlowBody,
  text: string,
  part: keyof StepSpec,
  path: readonly PropertyKey[],
): Generator<Finding> {
  const refuse = (message: string, hint: string | null): Finding => ({ code: 'TM1028', path, message, hint })
  try {
    const { pieces } = parseTemplate(text, {
      scopes: Object.keys(flow.scope),
      joins: flow.source.joins.map((j) => j.as),
    })
    const uses = (kind: TemplatePiece['kind'], names: readonly string[]): boolean =>
      pieces.some((piece) => piece.kind === kind && 'name' in piece && names.includes(piece.name))
    if (part === 'batch' && !uses('token', ['batch']))
      yield refuse('a batch template has to name {batch}: without it each batch would be the whole table', null)
    if (part === 'queue' && flow.shape.kind === 'tree')
      yield refuse(
        'a step of a tree has no queue: its rows, what they hang below and what lies below them decide',
        null,
      )
    for (const token of ['batch', 'queue'])
      if (part === 'queue' && uses('token', [token]))
        yield refuse(`{${token}} has no meaning in a queue template: batches are made from what it selects`, null)
    if (flow.capture.kind === 'backfill' && uses('param', ['after', 'up_to']))
      yield refuse(':after and :up_to have no value: capture: backfill has no position', null)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    yield refuse(error.message, error.given === null ? null : nearHint(error.given, error.candidates))
  }
}
