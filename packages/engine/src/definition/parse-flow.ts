/** A located flow, from YAML or from a row, to what the engine runs. */
import type { CaptureSchemas } from '@tidemark/contract/capture-schema'
import { type FlowBody, flowSchema } from '@tidemark/contract/flow-schema'
import { CONNECTION_SCHEMAS, LATER_CONNECTION_KINDS } from '@tidemark/contract/project-schema'
import type { z } from 'zod'
import { didYouMean } from '../runtime/did-you-mean.ts'
import { checkFlow } from './check-flow.ts'
import type { KnownConnections } from './known-connections.ts'
import { entryOf, type Located, toPlain } from './located.ts'
import { type Parsed, parseLocated } from './parse-located.ts'
import type { DefinitionProblem, Place } from './problem.ts'
import { literalSecrets } from './secrets.ts'

export type FlowParser = (flow: Located, connections: KnownConnections, task: string) => Parsed<FlowBody>

export function flowParser(captures: CaptureSchemas): FlowParser {
  const schema: z.ZodType<FlowBody> = flowSchema(captures)
  return (flow, connections, task) => {
    const secrets = literalSecrets(flow, 'flow', task)
    const parsed = parseLocated(schema, flow, task)
    if (!parsed.ok) return { ok: false, problems: [...secrets, ...parsed.problems] }
    const problems = [...secrets, ...checkFlow(parsed.value, flow, connections, task)]
    return problems.length === 0 ? parsed : { ok: false, problems }
  }
}

export const isBuiltKind = (kind: string): boolean => Object.hasOwn(CONNECTION_SCHEMAS, kind)

export interface ParsedConnection {
  readonly options: Readonly<Record<string, unknown>>
  readonly problems: readonly DefinitionProblem[]
}

/** `options`: without `kind`. Of kinds that are not built yet they are kept as they are. */
export function parseConnection(kind: string, kindPlace: Place, options: Located): ParsedConnection {
  const secrets = literalSecrets(options, 'connection', null)
  const schema = isBuiltKind(kind) ? CONNECTION_SCHEMAS[kind] : undefined
  if (schema !== undefined) {
    const parsed = parseLocated(schema, options, null)
    return parsed.ok
      ? { options: parsed.value, problems: secrets }
      : { options: {}, problems: [...secrets, ...parsed.problems] }
  }
  const kept = { options: toPlain(options) as Readonly<Record<string, unknown>>, problems: secrets }
  if (LATER_CONNECTION_KINDS.includes(kind)) return kept
  const kinds = [...Object.keys(CONNECTION_SCHEMAS), ...LATER_CONNECTION_KINDS]
  const near = didYouMean(kind, kinds)
  const hint = near === null ? null : `did you mean "${near}"?`
  const message = `connection kind "${kind}" is unknown: one of ${kinds.join(', ')}`
  return { ...kept, problems: [...secrets, { code: 'TM1011', message, hint, place: kindPlace, task: null }] }
}

export const kindOf = (connection: Located): Located | undefined => entryOf(connection, 'kind')
