/** The SQL that a person wrote for steps, with its values at hand, checked against the database before anything runs. */
import { parseTemplate, type TemplatePiece } from '@tidemark/contract/step-template'
import type { Bench, FlowRelation } from '../dialects/contract.ts'
import type {
  PlannedPiece,
  PlannedStep,
  PlannedTemplate,
  TemplateColumn,
  TemplateReader,
} from '../dialects/planned-steps.ts'
import { AppError } from '../runtime/app-error.ts'
import { referenced, type RelationRequest } from './relation.ts'

/** The steps of a flow, in the order in which they run. */
export const STEP_NAMES: Readonly<Record<'flat' | 'tree', readonly string[]>> = {
  flat: ['rows'],
  tree: ['roots', 'ancestors', 'children'],
}

interface Wanted {
  /** with its values in canonical text */
  readonly relation: FlowRelation
  readonly batchRows: number
}

export async function withSteps(
  bench: Pick<Bench, 'describeTemplate' | 'target'>,
  r: RelationRequest,
  wanted: Wanted,
): Promise<FlowRelation> {
  const { definition: d } = r
  const relation: FlowRelation = { ...wanted.relation, steps: plannedSteps(r, wanted) }
  const masked = relation.key.find((k) => k.mask !== null)
  for (const step of relation.steps)
    for (const part of ['queue', 'batch'] as const) {
      const template = step[part]
      if (template === null) continue
      const what = `${d.id}, ${part} of step ${step.name}`
      if (masked) throw new AppError('TM4040', `${what}: the key ${masked.source} is masked`)
      const given = await describe(bench, relation, template, r.shapes.target !== null, what)
      checkColumns(bench, r, what, given, part === 'queue' ? keyColumns(relation) : targetColumns(relation))
    }
  return relation
}

async function describe(
  bench: TemplateReader,
  relation: FlowRelation,
  template: PlannedTemplate,
  targetExists: boolean,
  what: string,
): Promise<readonly TemplateColumn[]> {
  try {
    return await bench.describeTemplate(relation, template, targetExists)
  } catch (error) {
    throw error instanceof AppError && error.code === 'TM4037'
      ? new AppError('TM4037', `${what}, ${error.detail}`, { cause: error })
      : error
  }
}

function plannedSteps(r: RelationRequest, wanted: Wanted): readonly PlannedStep[] {
  const { definition: d } = r
  const names = { scopes: Object.keys(d.scope), joins: d.source.joins.map((j) => j.as) }
  return STEP_NAMES[d.shape.kind].map((name) => {
    const step = d.steps[name]
    const planned = (text: string | null | undefined): PlannedTemplate | null =>
      text == null ? null : { pieces: parseTemplate(text, names).pieces.map((piece) => plannedPiece(r, wanted, piece)) }
    const maxDop = step?.maxDop == null ? {} : { maxDop: step.maxDop }
    return { name, queue: planned(step?.queue), batch: planned(step?.batch), ...maxDop }
  })
}

function plannedPiece(r: RelationRequest, { relation, batchRows }: Wanted, piece: TemplatePiece): PlannedPiece {
  switch (piece.kind) {
    case 'text':
    case 'token':
      return piece
    case 'param':
      return piece.name === 'batch_size' ? { kind: 'count', count: batchRows } : { kind: 'bound', name: piece.name }
    case 'join': {
      const join = relation.source.joins.find((j) => j.as === piece.name)
      if (!join) throw new TypeError(`no join ${piece.name}`)
      return { kind: 'table', table: join.table }
    }
    case 'scope':
      return scopeValue(r, relation, piece.name)
  }
}

/** NULL in a run that the parameter does not narrow. */
function scopeValue(r: RelationRequest, relation: FlowRelation, name: string): PlannedPiece {
  const given = relation.scope[Object.keys(r.scope).indexOf(name)]
  if (given) return { kind: 'value', type: given.type, value: given.value }
  const ref = r.definition.scope[name]
  if (!ref) throw new TypeError(`no scope ${name}`)
  return { kind: 'value', type: referenced(r, ref, 'scope').column.type, value: null }
}

const keyColumns = (r: FlowRelation): readonly TemplateColumn[] =>
  r.key.map((k) => ({ name: k.source, type: k.sourceType }))

/** A mask is put on what the template gives, so that has to be what the source would. */
const targetColumns = (r: FlowRelation): readonly TemplateColumn[] =>
  r.columns.map((x) => ({ name: x.target, type: x.mask === null ? x.targetType : (x.cast ?? x.sourceType) }))

function checkColumns(
  bench: Pick<Bench, 'target'>,
  r: RelationRequest,
  what: string,
  given: readonly TemplateColumn[],
  wanted: readonly TemplateColumn[],
): void {
  const known = (name: string): string => (r.source.foldsCase ? name.toLowerCase() : name)
  const byName = new Map(given.map((g) => [known(g.name), g]))
  const names = new Set(wanted.map((w) => known(w.name)))
  const wrong = [
    ...wanted.flatMap((w) => {
      const g = byName.get(known(w.name))
      if (!g) return [`${w.name} ${w.type} is missing`]
      const why = g.type === w.type ? null : bench.target.narrowing(g.type, w.type)
      return why === null ? [] : [`${w.name} is ${g.type}: ${why}`]
    }),
    ...given.flatMap((g) => (names.has(known(g.name)) ? [] : [`${g.name} is not wanted`])),
    ...given.flatMap((g) => (byName.get(known(g.name)) === g ? [] : [`${g.name} comes twice`])),
  ]
  if (wrong.length > 0)
    throw new AppError('TM4038', `${what}: ${wrong.join(', ')}`, {
      remedy: [`select exactly: ${wanted.map((w) => `${w.name} ${w.type}`).join(', ')}`],
    })
}
