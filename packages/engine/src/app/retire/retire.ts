/** `tidemark retire`: every task that names a connection, or a database of it, is switched off. Its history stays. */
import type { RetireDocument } from '@tidemark/contract/operate-documents'
import type { FlowId } from '@tidemark/contract/ids'
import type { CatalogRows, ConnectionRow, LedgerStore, RunRow, TaskRow } from '../../control/control-store.ts'
import { isJsonMap } from '../../definition/canonical.ts'
import { parseStoredJson } from '../../definition/read-json.ts'
import { AppError } from '../../runtime/app-error.ts'
import { didYouMean } from '../../runtime/did-you-mean.ts'
import type { RetireOptions } from '../app.ts'
import type { AppContext } from '../app-context.ts'
import { namedBy, type Retired } from './named-by.ts'

interface Found {
  readonly row: TaskRow
  readonly flow: FlowId
  readonly namedBy: readonly string[]
  readonly runs: readonly RunRow[]
}

type Kept = RetireDocument['tasks'][number]

export async function retire(ctx: AppContext, options: RetireOptions): Promise<RetireDocument> {
  const store = await ctx.store(options.dryRun ? 'read' : 'write')
  const tables = await store.catalog.read()
  const found = await findTasks(store.ledger, tables, options)
  const document = await documentOf(store.ledger, found, options)
  const off = found.filter(({ row }) => row.isActive)
  if (options.dryRun || off.length === 0) return document

  const by = { ...ctx.by, reason: options.reason }
  await store.catalog.deploy(
    {
      connections: [],
      modules: [],
      tasks: off.map(({ row: { updatedAt: _at, updatedBy: _by, ...row } }) => ({ ...row, isActive: false })),
    },
    by,
  )
  const what = options.database === null ? '' : ` database ${options.database}`
  const names = off.map(({ flow }) => flow)
  await store.ledger.audit('retire', `connection ${options.connection}${what}`, by, null, JSON.stringify(names))
  return document
}

async function findTasks(
  ledger: LedgerStore,
  { connections, tasks }: CatalogRows,
  { connection, database }: RetireOptions,
): Promise<readonly Found[]> {
  const defined = connections.find((c) => c.id === connection)
  const retired: Retired = { connection, database, home: homeOf(defined) }
  const named = tasks.flatMap((row) => {
    const by = namedBy(row, retired)
    return by.length === 0 ? [] : [{ row, flow: `${row.module}.${row.id}` as FlowId, namedBy: by }]
  })
  if (named.length === 0 && defined === undefined) {
    const near = didYouMean(
      connection,
      connections.map((c) => c.id),
    )
    throw new AppError(
      'TM1013',
      `connection ${connection} is not defined, and no task names it${near === null ? '' : `   did you mean ${near}?`}`,
    )
  }
  const found: Found[] = []
  for (const task of named)
    found.push({ ...task, runs: await ledger.listRuns({ flow: task.flow, limit: Number.MAX_SAFE_INTEGER }) })
  return found
}

/** Only where it is written in clear: a URL is a reference, mostly. */
function homeOf(row: ConnectionRow | undefined): string | null {
  const options = row === undefined ? undefined : parseStoredJson(row.options)
  const database = isJsonMap(options) ? options['database'] : null
  return typeof database === 'string' ? database : null
}

async function documentOf(
  ledger: LedgerStore,
  found: readonly Found[],
  { connection, database, dryRun }: RetireOptions,
): Promise<RetireDocument> {
  const watermarks = await ledger.listWatermarks()
  const rejects = await ledger.listRejects(null)
  const tasks = found.map(
    ({ row, flow, namedBy: by, runs }): Kept => ({
      task: flow,
      named_by: [...by],
      was_active: row.isActive,
      runs: runs.length,
      watermarks: watermarks.filter((w) => w.flow === flow).length,
      open_rejects: rejects.filter((r) => r.flow === flow).length,
      running: runs.find((run) => run.state === 'running')?.id ?? null,
    }),
  )
  const sum = (of: (task: Kept) => number): number => tasks.reduce((n, task) => n + of(task), 0)
  return {
    connection,
    database,
    dry_run: dryRun,
    tasks,
    rows: {
      task: tasks.filter((task) => task.was_active).length,
      run: sum((task) => task.runs),
      batch: found.flatMap(({ runs }) => runs).reduce((n, run) => n + run.batches, 0),
      watermark: sum((task) => task.watermarks),
      reject: sum((task) => task.open_rejects),
    },
  }
}
