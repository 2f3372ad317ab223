/** What runs of one command left undone besides their rows: heard while they work, and told with each of them. */
import type { RunDocument, RunJson } from '@tidemark/contract/api'
import type { Emit, EngineEvents } from '@tidemark/contract/events'

export async function remarked<Document extends RunDocument>(
  emit: Emit,
  work: (emit: Emit) => Promise<Document>,
): Promise<Document> {
  const said = new Map<string, RunJson['remarks']>()
  const document = await work((event, fields) => {
    if (event === 'run:remarked') {
      const { run, code, message } = fields as EngineEvents['run:remarked']
      said.set(run, [...(said.get(run) ?? []), { code, message }])
    }
    emit(event, fields)
  })
  return { ...document, runs: document.runs.map((run) => ({ ...run, remarks: said.get(run.run ?? '') ?? [] })) }
}
