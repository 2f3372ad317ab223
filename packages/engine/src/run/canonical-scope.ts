/** A scope is known by the text of its values: `7` and `07` of a number column are one scope, with one watermark. */
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import type { SourcePort } from '../dialects/contract.ts'

/** What is no value of its column, or no parameter of the flow, stays as it is: planning refuses it with its place. */
export async function canonicalScope(source: SourcePort, definition: FlowSpec, scope: Scope): Promise<Scope> {
  const canonical: Record<string, string> = {}
  for (const [name, text] of Object.entries(scope)) {
    const type = await columnType(source, definition, name)
    canonical[name] = (type === null ? null : await source.canonical(type, text)) ?? text
  }
  return canonical
}

async function columnType(source: SourcePort, { source: from, scope }: FlowSpec, name: string): Promise<string | null> {
  const ref = scope[name]
  const table = ref?.table == null ? from.table : from.joins.find((j) => j.as === ref.table)?.table
  const facts = ref && table ? await source.describe(table) : null
  const wanted = ref?.column.toLowerCase()
  return facts?.columns.find((c) => c.name.toLowerCase() === wanted)?.type ?? null
}
